import { clientBlock } from '../../mail/client-block.ts'
import { parseIp } from '../../mail/ip.ts'
import { askForJson } from '../admin-client.ts'
import { CommandError, flag, type Run } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'
import { allBans, type ListedBan } from './ban-list.ts'

/** Ends all bans that are named by id, address or block, of either kind; or none, when one of the names is not known. */
export const run: Run = async ({ arguments: names, options, terminal }) => {
  const { bans } = await allBans(options)
  const meant = names.flatMap((name) => {
    const address = parseIp(name)
    const block = address.ok ? clientBlock(address.value) : name
    const found = bans.filter(({ id, client }) => id === name || client === name || client === block)
    if (found.length === 0) throw new CommandError(`there is no ban ${name}`)
    return found
  })
  const socket = socketOf(stateDirOf(options))
  const removed: ListedBan[] = []
  for (const ban of new Set(meant)) {
    await askForJson(socket, 'DELETE', `${ban.by === 'operator' ? '/v1/overlays' : '/v1/bans'}/${ban.id}`)
    removed.push(ban)
  }
  if (flag(options, 'json')) terminal.out(`${JSON.stringify(removed, null, 2)}\n`)
  else terminal.out(removed.map(({ id }) => `${id} removed\n`).join(''))
  return 0
}
