import type { LearntSize } from '../../mail/learnt-size.ts'
import { askForJson } from '../admin-client.ts'
import { flag, type Run } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'
import { bytesText, durationText, oneLine, table } from '../text.ts'

export const run: Run = async ({ options, terminal }) => {
  const answer = await askForJson(socketOf(stateDirOf(options)), 'GET', '/v1/recipients/sizes')
  const { sizes } = answer as { sizes: readonly LearntSize[] }
  if (flag(options, 'json')) terminal.out(`${JSON.stringify({ sizes }, null, 2)}\n`)
  else if (sizes.length === 0) terminal.out('no next hop has announced a limit lately, or learnSizes is off\n')
  else {
    const now = Date.now()
    const rows = sizes.map(({ nextHop, host, sizeBytes, at }) => [
      oneLine(nextHop),
      `${bytesText(sizeBytes)} (${sizeBytes})`,
      `${durationText(now - at)} ago`,
      oneLine(host),
    ])
    terminal.out(table(['next hop', 'takes at most', 'said', 'by'], rows))
  }
  return 0
}
