import type { DocPath } from './positions.ts'
import { isWide } from './validate-network.ts'
import { networksAt, values } from './validate-read.ts'
import type { Report } from './validate-report.ts'

/** Networks whose word is taken for something. Those of strangers may not be among them. */
export function claimants(report: Report, value: unknown, path: DocPath, danger: string): readonly string[] {
  const found = networksAt(report, value, path)
  for (const { value: network, spot } of found) {
    if (!isWide(network)) continue
    report.error('MG1616', spot, `${network} is a large part of the internet: ${danger}`, {
      hint: 'name the networks that are yours',
    })
  }
  return values(found).sort()
}
