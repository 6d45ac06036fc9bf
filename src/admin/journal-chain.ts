import { createHash } from 'node:crypto'
import { type Check, line, oneOf, orNull, record, ShapeError, text, whole } from '../graph/shape.ts'
import { type JournalEntry, journalActions } from './protocol.ts'

/**
 * The chain of the journal: each entry names the one before by its hash, so that none can be changed, left out or put in
 * without every later one being wrong. The end can still be cut off; who wants to notice that keeps the hashes elsewhere
 * (the log has them, as `journal.written`).
 */

/** What the first entry has in place of the hash of the one before. */
export const firstPrev = `j1:${'0'.repeat(64)}`

export type Unsealed = Omit<JournalEntry, 'hash'>

/** The entry with its hash. */
export const seal = (entry: Unsealed): JournalEntry => ({ ...entry, hash: hashOf(entry) })

// Over the very text of the line: JSON keeps the order of keys from text to value and back.
const hashOf = (entry: Unsealed): string => `j1:${createHash('sha256').update(JSON.stringify(entry)).digest('hex')}`

const hash = text(/^j1:[0-9a-f]{64}$/, 'the hash of an entry')
const anything: Check = () => {}
const shape = record({
  seq: whole(1, Number.MAX_SAFE_INTEGER),
  time: text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'a time'),
  prev: hash,
  actor: line,
  onBehalfOf: orNull(line),
  action: oneOf(...journalActions),
  from: orNull(line),
  to: orNull(line),
  commit: orNull(line),
  planHash: orNull(line),
  reason: orNull(anything),
  gates: orNull(anything),
  result: anything,
  detail: anything,
  hash,
})

/** Where a chain breaks first: the number of the line, from 1. */
export type Break = { readonly line: number; readonly why: string }

/** Follows a chain line by line. After a break it goes on from what is there, so that one break is told once. */
export type ChainReader = {
  /** The entry of a line; `null` when the line is none. */
  read(text: string): JournalEntry | null
  readonly broken: Break | null
  /** The last entry that could be read. */
  readonly last: JournalEntry | null
}

/** @param before the entry that stands before the first line; `null`: the chain begins there */
export function chainReader(before: Pick<JournalEntry, 'seq' | 'hash'> | null = null): ChainReader {
  let number = 0
  let previous = before
  let last: JournalEntry | null = null
  let broken: Break | null = null
  const breaks = (why: string) => {
    broken ??= { line: number, why }
  }
  return {
    get broken() {
      return broken
    },
    get last() {
      return last
    },
    read(line) {
      number++
      const entry = parse(line)
      if (typeof entry === 'string') {
        breaks(entry)
        return null
      }
      const { hash, ...rest } = entry
      if (hashOf(rest) !== hash) breaks(`entry ${entry.seq} is not what was written: its hash does not fit`)
      else if (entry.prev !== (previous?.hash ?? firstPrev)) breaks(`entry ${entry.seq} does not follow the one before`)
      else if (entry.seq !== (previous?.seq ?? 0) + 1) breaks(`entry ${entry.seq} stands behind ${previous?.seq ?? 0}`)
      previous = entry
      last = entry
      return entry
    },
  }
}

function parse(line: string): JournalEntry | string {
  try {
    const value: unknown = JSON.parse(line)
    shape(value, 'entry')
    return value as JournalEntry
  } catch (error) {
    if (error instanceof ShapeError || error instanceof SyntaxError) return `not an entry: ${error.message}`
    throw error
  }
}

/** Follows entries that somebody else sent, from the first one on; `null` when they are one chain. */
export function brokenAt(
  entries: readonly JournalEntry[],
  before: Pick<JournalEntry, 'seq' | 'hash'> | null = null,
): Break | null {
  const reader = chainReader(before)
  for (const entry of entries) reader.read(JSON.stringify(entry))
  return reader.broken
}
