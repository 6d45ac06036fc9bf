import { userInfo } from 'node:os'
import type { JournalAnswer, RolledBack } from '../../admin/protocol.ts'
import { askForJson } from '../admin-client.ts'
import { isForFleet } from '../fleet/chosen.ts'
import { rollBackAll } from '../fleet/rollback-all.ts'
import { CommandError, flag, type Run, textOption } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

/** Goes back on one gateway, by the graphs that it keeps. */
export const run: Run = async ({ arguments: [wanted], options, terminal }) => {
  const reason = textOption(options, 'reason') ?? `mailgw rollback by ${userInfo().username}`
  if (isForFleet(options)) return await rollBackAll(options, wanted ?? null, reason, terminal)
  const socket = socketOf(stateDirOf(options))
  const to = wanted === undefined ? null : await wholeHash(socket, wanted)
  const body = JSON.stringify({ to, reason })
  const result = (await askForJson(socket, 'POST', '/v1/rollback', body)) as RolledBack
  if (flag(options, 'json')) terminal.out(`${JSON.stringify(result, null, 2)}\n`)
  else terminal.out(`active: ${result.hash} (before: ${result.previous})\n${Math.round(result.tookMs)} ms\n`)
  return 0
}

/** The hash that begins like this, of those in the journal: `history` shows no more of it. */
async function wholeHash(socket: string, start: string): Promise<string> {
  if (/^g1:[a-z2-7]{52}$/.test(start)) return start
  const found = new Set<string>()
  for (let after = 0; ; ) {
    const { entries } = (await askForJson(socket, 'GET', `/v1/journal?after=${after}`)) as JournalAnswer
    for (const { from, to } of entries) {
      for (const hash of [from, to]) if (hash?.startsWith(start)) found.add(hash)
    }
    const last = entries.at(-1)
    if (last === undefined || last.seq <= after) break
    after = last.seq
  }
  const [hash] = found
  if (hash !== undefined && found.size === 1 && start.length >= 8) return hash
  const why = found.size > 1 ? `${found.size} graphs begin so` : 'the journal has no such graph'
  throw new CommandError(`${start}: expected a graph hash, or its first characters as history shows them; ${why}`)
}
