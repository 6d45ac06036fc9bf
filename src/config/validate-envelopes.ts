import type { EnvelopeLogSettings } from '../mail/settings.ts'
import { defaults } from './defaults.ts'
import type { EnvelopeLog } from './define.ts'
import { durationAt, sizeAt, valueSpot } from './validate-read.ts'
import type { Report } from './validate-report.ts'

const leastKeepMs = 60_000
/** Kept in 24 files: a smaller one would be a new file for every few writes. */
const leastBytes = 1024 * 1024

/** What is kept of each decision; `null`: nothing. */
export function envelopeLog(report: Report, section: unknown): EnvelopeLogSettings | null {
  const path = ['envelopeLog']
  const usual = defaults.envelopeLog
  const written = report.sound(path) && section !== undefined ? (section as EnvelopeLog) : usual
  if (written === 'off') return null
  const text = (key: 'keep' | 'maxSize'): string => (report.sound([...path, key]) ? written[key] : null) ?? usual[key]
  const keepMs = durationAt(report, text('keep'), valueSpot([...path, 'keep']), leastKeepMs)
  const spot = valueSpot([...path, 'maxSize'])
  const maxBytes = sizeAt(report, text('maxSize'), spot)
  if (maxBytes !== null && maxBytes < leastBytes) {
    report.error('MG1208', spot, `expected at least "1MiB", got ${JSON.stringify(text('maxSize'))}`)
  }
  const localParts = (report.sound([...path, 'localParts']) ? written.localParts : null) ?? usual.localParts
  return { keepMs: keepMs ?? leastKeepMs, maxBytes: Math.max(maxBytes ?? 0, leastBytes), localParts }
}
