import type { QueueRow } from '../../admin/operations.ts'
import { openAnswer } from '../admin-client.ts'
import { bytesText, durationText, oneLine } from '../text.ts'

/** Rows that are there at once, so that columns are as wide as most of them need. */
const atOnce = 500

/** The rows of a list as they come: a long queue stands in the memory of neither side. */
export async function* queueRows(socketPath: string, query: URLSearchParams): AsyncGenerator<readonly QueueRow[]> {
  let rows: QueueRow[] = []
  for await (const line of listLines(socketPath, query)) {
    rows.push(JSON.parse(line) as QueueRow)
    if (rows.length < atOnce) continue
    yield rows
    rows = []
  }
  if (rows.length > 0) yield rows
}

/** The answer is one array, a row a line. */
async function* listLines(socketPath: string, query: URLSearchParams): AsyncGenerator<string> {
  const answer = await openAnswer(socketPath, `/v1/queue?${query}`)
  let pending = ''
  answer.setEncoding('utf8')
  for await (const text of answer as AsyncIterable<string>) {
    const lines = (pending + text).split('\n')
    pending = lines.pop() ?? ''
    for (const line of lines) yield bare(line)
  }
  const last = bare(pending)
  if (last !== '') yield last
}

/** Without what makes an array of it. */
const bare = (line: string): string => line.replace(/^\[/, '').replace(/[,\]]$/, '')

const head = [
  'id',
  'sender',
  'recipient',
  'state',
  'age',
  'size',
  'attempts',
  'last',
  'next',
  'next hop',
  'rule',
  'last reply',
]

/** Makes text of rows that come in parts: the columns are as wide as the first part needs, and wider where they must. */
export function rowsPrinter(now: number): (rows: readonly QueueRow[]) => string {
  let widths: number[] | null = null
  return (rows) => {
    const lines = rows.map((row) => cells(row, now))
    if (widths === null) lines.unshift(head)
    const wide = (widths ??= head.map(() => 0))
    for (const line of lines) for (const [i, cell] of line.entries()) wide[i] = Math.max(wide[i]!, cell.length)
    const text = (line: readonly string[]) =>
      line
        .map((cell, i) => (i === line.length - 1 ? cell : cell.padEnd(wide[i]!)))
        .join('  ')
        .trimEnd()
    return lines.map((line) => `${text(line)}\n`).join('')
  }
}

const cells = (row: QueueRow, now: number): readonly string[] => [
  row.id,
  row.sender === '' ? '<>' : oneLine(row.sender),
  oneLine(row.recipient),
  row.state,
  durationText(now - row.queuedAt),
  bytesText(row.sizeBytes),
  String(row.attempts),
  row.lastAttemptAt === null ? '-' : `${durationText(now - row.lastAttemptAt)} ago`,
  row.dueAt === null ? '-' : row.dueAt <= now ? 'now' : `in ${durationText(row.dueAt - now)}`,
  `${row.nextHop ?? '-'}${row.via === null ? '' : ' (chosen)'}`,
  ruleText(row),
  oneLine(reasonText(row)),
]

/** Of what is held, why it is says more than what a host said once. */
function reasonText({ state, why, lastReply, heldBy }: QueueRow): string {
  if (state !== 'held') return lastReply ?? why ?? ''
  const reason = why ?? lastReply ?? ''
  return heldBy === null ? reason : `${reason} (${heldBy})`
}

export function ruleText({ rule }: Pick<QueueRow, 'rule'>): string {
  if (rule === null) return '-'
  const at = rule.at === '' ? 'no row' : rule.at
  return rule.file === null ? at : `${at} ${rule.file}:${rule.line}`
}
