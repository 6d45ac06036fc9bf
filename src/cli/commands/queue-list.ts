import type { QueueRow } from '../../admin/operations.ts'
import { askForJson } from '../admin-client.ts'
import { flag, type Run, textOption } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'
import { bytesText, durationText, table } from '../text.ts'

export const run: Run = async ({ options, terminal }) => {
  const query = new URLSearchParams()
  for (const name of ['recipient', 'domain', 'sender', 'state', 'limit', 'after']) {
    const value = textOption(options, name)
    if (value !== null) query.set(name, value)
  }
  const rows = (await askForJson(socketOf(stateDirOf(options)), 'GET', `/queue?${query}`)) as QueueRow[]
  if (flag(options, 'json')) terminal.out(`${JSON.stringify(rows, null, 2)}\n`)
  else terminal.out(rows.length === 0 ? 'nothing waits\n' : rowsText(rows, Date.now()))
  return 0
}

function rowsText(rows: readonly QueueRow[], now: number): string {
  return table(
    ['id', 'sender', 'recipient', 'state', 'age', 'size', 'attempts', 'next', 'next hop', 'last reply'],
    rows.map((row) => [
      row.id,
      row.sender === '' ? '<>' : row.sender,
      row.recipient,
      row.state,
      durationText(now - row.queuedAt),
      bytesText(row.sizeBytes),
      String(row.attempts),
      row.dueAt === null ? '-' : row.dueAt <= now ? 'now' : `in ${durationText(row.dueAt - now)}`,
      row.nextHop ?? '-',
      // Of what is held, why it is says more than what a host said once.
      (row.state === 'held' ? (row.why ?? row.lastReply) : (row.lastReply ?? row.why)) ?? '',
    ]),
  )
}
