import type { QueueRow } from '../../admin/operations.ts'
import { conditionsOf, queryOf } from '../queue/conditions.ts'
import { queueRows, rowsPrinter } from '../queue/rows.ts'
import { CommandError, flag, type Run, textOption } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

const everything = 1_000_000

export const run: Run = async ({ options, terminal }) => {
  const all = flag(options, 'all')
  const limit = textOption(options, 'limit')
  if (all && limit !== null) throw new CommandError('give --limit or --all, not both')
  const query = queryOf(conditionsOf(options))
  query.set('limit', limit ?? String(all ? everything : 100))
  const after = textOption(options, 'after')
  if (after !== null) query.set('after', after)
  const json = flag(options, 'json')
  const print = rowsPrinter(Date.now())
  let count = 0
  let last: QueueRow | undefined
  for await (const rows of queueRows(socketOf(stateDirOf(options)), query)) {
    if (json) {
      terminal.out(`${count === 0 ? '[\n  ' : ',\n  '}${rows.map((row) => JSON.stringify(row)).join(',\n  ')}`)
    } else terminal.out(print(rows))
    count += rows.length
    last = rows.at(-1)
  }
  if (json) terminal.out(count === 0 ? '[]\n' : '\n]\n')
  else if (count === 0) terminal.out('nothing waits\n')
  else if (count >= Number(query.get('limit'))) {
    terminal.err(`there may be more: mailgw queue list --after ${last?.id}, or --all\n`)
  }
  return 0
}
