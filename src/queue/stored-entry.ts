import type { Envelope } from '../mail/envelope.ts'
import type { Reply } from '../mail/reply.ts'
import type { QueueEntry, RecipientState } from './entry.ts'
import type { StateChange } from './message-record.ts'
import type { QueuedDelivery } from './next-hop-lane.ts'
import type { Pause } from './pauses.ts'
import type { Piece, SpooledBody } from './stored-body.ts'
import { parseEnvelopeText } from './stored-envelope.ts'

/** Where a message's own record is. */
export type Place = {
  /** The record's body; of a large message, what is behind its chunks. May be empty. */
  readonly piece: Piece
  /** Length of the record, for the account of its segment. */
  readonly recordBytes: number
  readonly chunks: readonly Piece[]
}

export class StoredEntry implements QueueEntry {
  readonly id: string
  readonly queuedAt: number
  readonly body: SpooledBody
  readonly recipients: readonly RecipientSlot[]
  place: Place
  /** Recipients that are not yet delivered, failed or discarded, or whose notification is not yet stored. */
  open: number
  /** It left the queue, whatever still runs with it. */
  isGone = false
  private text: string | null
  private parsed: Envelope | null

  constructor(
    facts: { readonly id: string; readonly queuedAt: number; readonly recipients: number },
    envelope: Envelope | string,
    body: SpooledBody,
    place: Place,
  ) {
    this.id = facts.id
    this.queuedAt = facts.queuedAt
    this.body = body
    this.place = place
    this.open = facts.recipients
    this.text = typeof envelope === 'string' ? envelope : null
    this.parsed = typeof envelope === 'string' ? null : envelope
    const { queuedAt } = facts
    this.recipients =
      facts.recipients === 1
        ? [new RecipientSlot(queuedAt)]
        : Array.from({ length: facts.recipients }, () => new RecipientSlot(queuedAt))
  }

  /** After a start the envelope is text until it is asked for: 200,000 waiting messages shall not fill the memory. */
  get envelope(): Envelope {
    if (this.parsed === null) {
      this.parsed = parseEnvelopeText(this.text as string)
      this.text = null
    }
    return this.parsed
  }

  /** The envelope without keeping it, for whoever looks at many. */
  peekEnvelope(): Envelope {
    return this.parsed ?? parseEnvelopeText(this.text as string)
  }

  /** `false`: this text, in whatever case, is nowhere in the envelope. */
  mayMention(text: string): boolean {
    if (this.text === null || text === '<>' || text === '') return true
    return this.text.toLowerCase().includes(JSON.stringify(text).slice(1, -1).toLowerCase())
  }

  apply(change: StateChange): void {
    for (const index of change.recipients) this.recipients[index]?.set(change.state)
  }

  countOpen(): void {
    this.open = 0
    for (const { isFinal } of this.recipients) if (!isFinal) this.open++
  }
}

/** One recipient's state, and in which delivery it is now. */
export class RecipientSlot implements RecipientState {
  state: RecipientState['state'] = 'waiting'
  attempts = 0
  dueAt: number
  lastReply: Reply | null = null
  lastHost: string | null = null
  why: string | null = null
  nextHop: string | null = null
  /** Set while it is in a lane or with a carrier. */
  delivery: QueuedDelivery | null = null
  /** Set while nothing is tried towards it although it waits. */
  paused: Pause | null = null
  /** Failed, and the notification is on its way to the disk: not to be tried again meanwhile. */
  isReporting = false

  constructor(dueAt: number) {
    this.dueAt = dueAt
  }

  get isFinal(): boolean {
    return this.state === 'delivered' || this.state === 'failed' || this.state === 'discarded'
  }

  set(state: StateChange['state']): void {
    this.state = state.state
    this.attempts = state.attempts
    this.dueAt = state.dueAt
    this.lastReply = state.lastReply
    this.lastHost = state.lastHost
    this.why = state.why
    this.nextHop = state.nextHop
  }
}
