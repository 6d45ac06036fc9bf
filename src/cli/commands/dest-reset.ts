import { askForJson } from '../admin-client.ts'
import { destinationPattern } from '../dest/pattern.ts'
import { CommandError, flag, type Run } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

export const run: Run = async ({ arguments: [text], options, terminal }) => {
  if (flag(options, 'all') === (text !== undefined)) throw new CommandError('name a next hop, or give --all')
  const pattern = text === undefined ? '*' : destinationPattern(text)
  const body = JSON.stringify({ pattern })
  const { reset } = (await askForJson(socketOf(stateDirOf(options)), 'POST', '/v1/destinations/reset', body)) as {
    reset: readonly string[]
  }
  if (reset.length === 0 && text !== undefined) {
    throw new CommandError(`nothing is known of a next hop that ${pattern} means; see mailgw dest list`)
  }
  if (flag(options, 'json')) terminal.out(`${JSON.stringify({ reset }, null, 2)}\n`)
  else terminal.out(reset.length === 0 ? 'nothing was known of any\n' : reset.map((name) => `${name} reset\n`).join(''))
  return 0
}
