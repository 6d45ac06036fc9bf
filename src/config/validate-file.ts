import { type Reading, read, unread } from './patterns.ts'
import type { DocPath } from './positions.ts'
import { take, valueSpot } from './validate-read.ts'
import type { Report } from './validate-report.ts'

/** A file on the gateway, by its absolute path; `''` (told) for anything else. */
export function fileAt(report: Report, text: string, path: DocPath): string {
  const spot = valueSpot(path)
  if (!text.includes('-----BEGIN')) return take(report, 'MG1322', spot, readFile(text)) ?? ''
  // What came is perhaps the private key itself: it is not repeated.
  report.error('MG1206', spot, 'expected the path of a file, got a text (not shown)')
  return ''
}

function readFile(text: string): Reading<string> {
  return /^\/[^\x00-\x1f\x7f]+$/.test(text) ? read(text) : unread('an absolute path on the gateway', text)
}
