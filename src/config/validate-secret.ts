import type { Secret } from './define.ts'
import type { DocPath } from './positions.ts'
import { valueSpot } from './validate-read.ts'
import type { Report } from './validate-report.ts'

/** A reference to a secret; what stands there in its place is never repeated. */
export function checkSecret(report: Report, { $secret }: Secret, path: DocPath): void {
  const spot = valueSpot([...path, '$secret'])
  const [, kind = '', rest = ''] = /^([a-z]+):(.*)$/s.exec($secret) ?? []
  switch (kind) {
    case 'env':
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(rest))
        report.error('MG1314', spot, 'expected env: and the name of an environment variable')
      return
    case 'file':
      if (!rest.startsWith('/')) report.error('MG1314', spot, 'expected file: and an absolute path')
      return
    case 'exec':
      if (!isArgv(rest))
        report.error('MG1314', spot, 'expected exec: and a JSON list of texts, such as exec:["pass","show","isp"]')
      return
    default:
      // What came is perhaps the secret itself: it is not repeated.
      report.error(
        'MG1206',
        spot,
        'expected a reference, such as env:NAME, file:/path or exec:["program"], got another text (not shown)',
      )
  }
}

function isArgv(text: string): boolean {
  try {
    const argv: unknown = JSON.parse(text)
    return Array.isArray(argv) && argv.length > 0 && argv[0] !== '' && argv.every((part) => typeof part === 'string')
  } catch {
    return false
  }
}
