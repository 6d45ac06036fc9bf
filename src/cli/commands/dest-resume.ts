import type { Overlay } from '../../graph/overlay.ts'
import { askForJson } from '../admin-client.ts'
import { destinationPattern } from '../dest/pattern.ts'
import { conditionsText } from '../overlay-request.ts'
import { CommandError, flag, type Run } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

export const run: Run = async ({ arguments: [text = ''], options, terminal }) => {
  const pattern = destinationPattern(text)
  const body = JSON.stringify({ pattern })
  const { resumed } = (await askForJson(socketOf(stateDirOf(options)), 'POST', '/v1/destinations/resume', body)) as {
    resumed: readonly Overlay[]
  }
  if (resumed.length === 0) throw new CommandError(`nothing is suspended that ${pattern} means; see mailgw dest list`)
  if (flag(options, 'json')) terminal.out(`${JSON.stringify(resumed, null, 2)}\n`)
  else terminal.out(resumed.map((one) => `${one.id} removed: no longer ${conditionsText(one)}\n`).join(''))
  return 0
}
