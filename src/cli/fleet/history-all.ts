import { type Break, chainReader } from '../../admin/journal-chain.ts'
import type { JournalEntry } from '../../admin/protocol.ts'
import { flag, type Invocation, type Terminal } from '../run.ts'
import { chosenMembers } from './chosen.ts'
import { closeAll, wholeJournal } from './members.ts'

type Chronicle = {
  readonly name: string
  readonly entries: readonly JournalEntry[]
  readonly broken: Break | null
  readonly error: string | null
}

/** The newest entries of all journals in one row of time, each chain followed here and not taken on the gateway's word. */
export async function historyOfAll(
  options: Invocation['options'],
  limit: number,
  entryText: (entry: JournalEntry) => string,
  terminal: Terminal,
): Promise<number> {
  const members = await chosenMembers(options, terminal)
  try {
    const all = await Promise.all(
      members.map(async ({ name, client }): Promise<Chronicle> => {
        const answer = await wholeJournal(client)
        if (answer.kind !== 'ok') return { name, entries: [], broken: null, error: answer.error }
        const { entries, broken } = answer.value
        const reader = chainReader()
        for (const entry of entries) reader.read(JSON.stringify(entry))
        return { name, entries, broken: broken ?? reader.broken, error: null }
      }),
    )
    const rows = all
      .flatMap(({ name, entries }) => entries.map((entry) => ({ name, entry })))
      .sort((a, b) => (a.entry.time < b.entry.time ? -1 : a.entry.time > b.entry.time ? 1 : 0))
      .slice(-limit)
    const gateways = all.map(({ name, entries, broken, error }) => ({ name, count: entries.length, broken, error }))
    if (flag(options, 'json')) terminal.out(`${JSON.stringify({ entries: rows, gateways }, null, 2)}\n`)
    else {
      const width = Math.max(...all.map(({ name }) => name.length))
      for (const { name, entry } of rows) terminal.out(`${name.padEnd(width)}  ${entryText(entry)}`)
    }
    for (const { name, broken, error } of all) {
      if (error !== null) terminal.err(`${name}: ${error}\n`)
      if (broken !== null) terminal.err(`${name}: the journal is broken at line ${broken.line}: ${broken.why}\n`)
    }
    return all.some(({ broken, error }) => broken !== null || error !== null) ? 1 : 0
  } finally {
    await closeAll(members)
  }
}
