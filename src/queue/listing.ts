import type { RecipientState } from './entry.ts'
import { timeOfId } from './id.ts'
import { Pace } from './pace.ts'
import type { Match, QueueConditions } from './selector.ts'
import type { ShownState } from './shown.ts'
import type { RecipientSlot, StoredEntry } from './stored-entry.ts'

/** One page of a list. */
export type QueueFilter = QueueConditions & {
  /** Only what stands behind the message with this id, also when that one has left the queue. */
  readonly after: string | null
  /** Rows; a message is never cut in two. */
  readonly limit: number
}

/** One recipient of one message. */
export type QueueRow = {
  readonly id: string
  /** `''` for the null reverse-path. */
  readonly sender: string
  readonly recipient: string
  readonly state: RecipientState['state']
  readonly queuedAt: number
  readonly sizeBytes: number
  readonly attempts: number
  /** Epoch ms of the end of the latest attempt; `null`: none yet. */
  readonly lastAttemptAt: number | null
  /** `null` when nothing is due: held, active or final. */
  readonly dueAt: number | null
  readonly nextHop: string | null
  readonly lastHost: string | null
  readonly lastReply: string | null
  readonly why: string | null
  /** Who holds it, when it is an operator and not the document. */
  readonly heldBy: string | null
  /** The relay that an operator chose for it. */
  readonly via: string | null
  /** The row that decides where it goes now; `null`: nobody was asked. */
  readonly rule: Ruling | null
}

/** The row of the document that decides, with its place; line 0 where it is not known. */
export type Ruling = {
  readonly at: string
  readonly file: string | null
  readonly line: number
  readonly column: number
}

/** What a list looks things up in. */
export type ListParts = {
  readonly match: Match
  readonly shown: (entry: StoredEntry, index: number) => ShownState
  readonly ruling: (entry: StoredEntry, index: number) => Ruling | null
}

/** Oldest first, in slices: nobody else waits for a long list. What comes or leaves meanwhile is in it or not. */
export async function* listRows(
  entries: ReadonlyMap<string, StoredEntry>,
  { after, limit }: Pick<QueueFilter, 'after' | 'limit'>,
  parts: ListParts,
): AsyncGenerator<readonly QueueRow[], void, void> {
  const pace = new Pace()
  const isBehind = behind(entries, after)
  let rows: QueueRow[] = []
  let count = 0
  for (const entry of entries.values()) {
    if (pace.isOver()) {
      if (rows.length > 0) yield rows
      rows = []
      await pace.turn()
    }
    if (!isBehind(entry)) continue
    if (count >= limit) break
    for (const index of parts.match(entry)) {
      rows.push(rowOf(entry, index, parts))
      count++
    }
  }
  if (rows.length > 0) yield rows
}

/**
 * Whether a message stands behind the page before. When the last one of that page has left the queue, its id still says
 * when it came: then what came at the same time may be listed twice, and nothing is left out.
 */
function behind(entries: ReadonlyMap<string, StoredEntry>, after: string | null): (entry: StoredEntry) => boolean {
  if (after === null) return () => true
  let found = false
  if (entries.has(after)) {
    return ({ id }) => {
      if (found) return true
      found = id === after
      return false
    }
  }
  const from = timeOfId(after) ?? Number.POSITIVE_INFINITY
  return ({ queuedAt }) => (found ||= queuedAt >= from)
}

export function rowOf(entry: StoredEntry, index: number, { shown, ruling }: Omit<ListParts, 'match'>): QueueRow {
  const envelope = entry.peekEnvelope()
  const slot = entry.recipients[index] as RecipientSlot
  const { state, nextHop, reply, why, dueAt } = shown(entry, index)
  return {
    id: entry.id,
    sender: envelope.from?.text ?? '',
    recipient: envelope.recipients[index]!.mailbox.text,
    state,
    queuedAt: entry.queuedAt,
    sizeBytes: entry.body.sizeBytes,
    attempts: slot.attempts,
    lastAttemptAt: slot.lastAttemptAt,
    dueAt,
    nextHop,
    lastHost: slot.lastHost,
    lastReply: reply,
    why,
    heldBy: slot.hold?.by ?? null,
    via: slot.via,
    rule: slot.isFinal ? null : ruling(entry, index),
  }
}
