import type { Destination } from '../../admin/destination-operations.ts'
import { askForJson } from '../admin-client.ts'
import { destinationPattern } from '../dest/pattern.ts'
import { destinationsText, isSick } from '../dest/text.ts'
import { flag, type Run } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

export const run: Run = async ({ arguments: [pattern = '*'], options, terminal }) => {
  const path = `/v1/destinations?pattern=${encodeURIComponent(destinationPattern(pattern))}`
  const answer = (await askForJson(socketOf(stateDirOf(options)), 'GET', path)) as {
    destinations: readonly Destination[]
  }
  const shown = flag(options, 'sick') ? answer.destinations.filter(isSick) : answer.destinations
  if (flag(options, 'json')) terminal.out(`${JSON.stringify(shown, null, 2)}\n`)
  else terminal.out(destinationsText(shown, Date.now()))
  return 0
}
