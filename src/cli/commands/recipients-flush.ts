import { askForJson } from '../admin-client.ts'
import { CommandError, flag, type Run } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

export const run: Run = async ({ arguments: [what], options, terminal }) => {
  const all = flag(options, 'all')
  if ((what === undefined) === !all) {
    throw new CommandError(
      all ? '--all is everything: name nothing beside it' : 'name an address or a domain, or --all',
    )
  }
  const which = all ? { all: true } : what!.includes('@') ? { address: what } : { domain: what }
  const socket = socketOf(stateDirOf(options))
  const answer = await askForJson(socket, 'POST', '/v1/recipients/flush', JSON.stringify(which))
  const { flushed } = answer as { flushed: number }
  if (flag(options, 'json')) terminal.out(`${JSON.stringify({ flushed }, null, 2)}\n`)
  else terminal.out(`${flushed} ${flushed === 1 ? 'recipient is' : 'recipients are'} forgotten\n`)
  return 0
}
