import { type Break, chainReader } from '../../admin/journal-chain.ts'
import type { JournalAnswer, JournalEntry } from '../../admin/protocol.ts'
import { askForJson } from '../admin-client.ts'
import { isForFleet } from '../fleet/chosen.ts'
import { historyOfAll } from '../fleet/history-all.ts'
import { CommandError, flag, type Run, textOption } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'
import { oneLine } from '../text.ts'

/** Reads the whole journal, follows its chain itself (the gateway is not taken at its word), and shows the newest. */
export const run: Run = async ({ options, terminal }) => {
  const limit = limitOf(textOption(options, 'limit'))
  if (isForFleet(options)) return await historyOfAll(options, limit, entryText, terminal)
  const socket = socketOf(stateDirOf(options))
  const reader = chainReader()
  let entries: JournalEntry[] = []
  let told: Break | null = null
  for (let after = 0; ; ) {
    const page = (await askForJson(socket, 'GET', `/v1/journal?after=${after}`)) as JournalAnswer
    told ??= page.broken
    for (const entry of page.entries) reader.read(JSON.stringify(entry))
    entries = [...entries, ...page.entries].slice(-limit)
    const last = page.entries.at(-1)
    if (last === undefined || last.seq <= after) break
    after = last.seq
  }
  // What is no entry at all is seen by the gateway alone: it has the lines.
  const broken = told ?? reader.broken
  const count = reader.last?.seq ?? 0
  if (flag(options, 'json')) terminal.out(`${JSON.stringify({ entries, count, broken }, null, 2)}\n`)
  else {
    for (const entry of entries) terminal.out(entryText(entry))
    if (broken === null) terminal.out(`the chain of ${count} ${count === 1 ? 'entry' : 'entries'} is whole\n`)
  }
  if (broken === null) return 0
  terminal.err(`the journal is broken at line ${broken.line}: ${broken.why}\n`)
  return 1
}

function limitOf(text: string | null): number {
  const limit = Number(text ?? 20)
  if (Number.isSafeInteger(limit) && limit > 0) return limit
  throw new CommandError(`--limit: expected a number from 1, got ${text}`)
}

/** `2026-11-21 12:30:00  activate  g1:aaaa… -> g1:bbbb…  local:0 for ann: reason` and, on a line of its own, what went wrong. */
function entryText(entry: JournalEntry): string {
  const { time, action, from, to, actor, onBehalfOf, commit, reason, result } = entry
  const graphs = from === to || from === null || to === null ? short(to ?? from) : `${short(from)} -> ${short(to)}`
  const what = action === 'queue' ? moved(entry.detail) : graphs
  const who = onBehalfOf === null ? actor : `${actor} for ${onBehalfOf}`
  const rest = [commit === null ? null : `commit ${commit.slice(0, 12)}`, reason === '' ? null : reason].filter(Boolean)
  const lines = [
    `${time.slice(0, 19).replace('T', ' ')}  ${action.padEnd(8)}  ${what}  ${[who, ...rest].join(': ')}`,
    ...(result === 'ok' ? [] : [`    ${result}`]),
  ]
  // Remote callers wrote some of it.
  return `${lines.map(oneLine).join('\n')}\n`
}

/** What was done to the queue: `drop 3 recipients of 2 messages`. */
function moved(detail: unknown): string {
  const { action, recipients, messages } = (detail ?? {}) as Record<string, unknown>
  return `${action} ${recipients} recipients of ${messages} messages`
}

/** Enough of a hash to tell graphs apart, and to find one with `--json`. */
const short = (hash: string | null): string => (hash === null ? 'no graph' : hash.slice(0, 15))
