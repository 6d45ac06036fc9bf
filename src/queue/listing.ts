import type { RecipientState } from './entry.ts'
import type { NextHopLane } from './next-hop-lane.ts'
import type { RecipientSlot, StoredEntry } from './stored-entry.ts'

/** `null`: any. Addresses and domains are compared without regard to case. */
export type QueueFilter = {
  readonly recipient: string | null
  readonly domain: string | null
  readonly sender: string | null
  /** One of the states; `null`: those that are not final. */
  readonly state: string | null
  /** Only what stands behind the message with this id: the next page. */
  readonly after: string | null
  /** Rows; a message is never cut in two. */
  readonly limit: number
}

/** What `retry` moves. */
export type QueueSelector = {
  readonly ids: readonly string[]
  readonly all: boolean
  readonly recipient: string | null
  readonly domain: string | null
  readonly sender: string | null
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
  /** `null` when nothing is due: held, active or final. */
  readonly dueAt: number | null
  readonly nextHop: string | null
  readonly lastHost: string | null
  readonly lastReply: string | null
  readonly why: string | null
}

/** The row of the document that decides, with its place; line 0 where it is not known. */
export type Ruling = {
  readonly at: string
  readonly file: string | null
  readonly line: number
  readonly column: number
}

export function listRows(
  entries: Iterable<StoredEntry>,
  filter: QueueFilter,
  lanes: ReadonlyMap<string, NextHopLane>,
): readonly QueueRow[] {
  const rows: QueueRow[] = []
  let behind = filter.after === null
  for (const entry of entries) {
    if (!behind) {
      behind = entry.id === filter.after
      continue
    }
    if (rows.length >= filter.limit) break
    for (const index of matching(entry, filter)) {
      const slot = entry.recipients[index] as RecipientSlot
      const shown = filter.state === null ? !slot.isFinal : shownState(slot) === filter.state
      if (shown) rows.push(rowOf(entry, index, lanes))
    }
  }
  return rows
}

/** The recipients, by index, that a filter or selector names, whatever their state. */
export function matching(
  entry: StoredEntry,
  { recipient, domain, sender }: Pick<QueueFilter, 'recipient' | 'domain' | 'sender'>,
): readonly number[] {
  const all = entry.recipients.map((_, index) => index)
  if (recipient === null && domain === null && sender === null) return all
  // Most of a long queue is passed over without parsing it.
  for (const text of [recipient, domain, sender]) if (text !== null && !entry.mayMention(text)) return []
  const envelope = entry.peekEnvelope()
  const from = envelope.from?.text ?? ''
  if (sender !== null && from.toLowerCase() !== (sender === '<>' ? '' : sender.toLowerCase())) return []
  return all.filter((index) => {
    const { mailbox, original } = envelope.recipients[index]!
    if (domain !== null && mailbox.domain !== domain.toLowerCase()) return false
    if (recipient === null) return true
    const wanted = recipient.toLowerCase()
    return mailbox.text.toLowerCase() === wanted || original.text.toLowerCase() === wanted
  })
}

export function rowOf(entry: StoredEntry, index: number, lanes: ReadonlyMap<string, NextHopLane>): QueueRow {
  const envelope = entry.peekEnvelope()
  const slot = entry.recipients[index] as RecipientSlot
  const { attempts, dueAt, lastReply, lastHost, why, nextHop, paused } = slot
  // In a lane that is down: when it is probed, and why, is the lane's to say.
  const lane = slot.delivery !== null && !slot.delivery.isTaken && nextHop !== null ? lanes.get(nextHop) : undefined
  const down = lane?.state === 'back-off' ? lane : undefined
  const reply = lastReply ?? down?.reply ?? null
  return {
    id: entry.id,
    sender: envelope.from?.text ?? '',
    recipient: envelope.recipients[index]!.mailbox.text,
    state: shownState(slot),
    queuedAt: entry.queuedAt,
    sizeBytes: entry.body.sizeBytes,
    attempts,
    dueAt: paused !== null ? paused.until : slot.state === 'waiting' ? (down?.until ?? dueAt) : null,
    nextHop,
    lastHost,
    lastReply: reply === null ? null : `${reply.code}${reply.status === null ? '' : ` ${reply.status}`} ${reply.text}`,
    why: paused?.why ?? down?.why ?? why,
  }
}

/** What is paused is held, for whoever looks. */
const shownState = ({ state, paused }: RecipientSlot): RecipientSlot['state'] =>
  paused !== null && state === 'waiting' ? 'held' : state
