import type { Envelope } from '../mail/envelope.ts'
import type { Hints } from '../mail/hints.ts'
import type { Reply } from '../mail/reply.ts'
import type { Hold, QueueEntry, RecipientState } from './entry.ts'
import { isTimed } from './hinted-policy.ts'
import type { StateChange } from './message-record.ts'
import type { QueuedDelivery } from './next-hop-lane.ts'
import type { Pause } from './pauses.ts'
import type { Place, SpooledBody } from './stored-body.ts'
import {
  hintsOfText,
  parseEnvelopeText,
  parseRecipients,
  type SplitText,
  splitText,
  tlsOfText,
} from './stored-envelope.ts'

export class StoredEntry implements QueueEntry {
  readonly id: string
  readonly queuedAt: number
  readonly body: SpooledBody
  readonly recipients: readonly RecipientSlot[]
  /** Recipients that are not yet delivered, failed or discarded, or whose notification is not yet stored. */
  open: number
  /** It left the queue, whatever still runs with it. */
  isGone = false
  /** Its copies are made, or none are wanted. */
  isArchived = false
  /** In which order the messages of this run came, from 0. */
  number = 0
  /** When the agenda has it next; `null`: it does not have it. */
  plannedAt: number | null = null
  /** Its header says when it is sent, or given up. */
  readonly isTimed: boolean
  /** When its own times are looked at; `null`: it has none. */
  termAt: number | null = null
  /** The envelope as it is in the spool; what many messages have in common is in `shared`, once for all of them. */
  private own: string
  private shared: string
  private parsed: Envelope | null

  /** @param text of the envelope, as it is in the spool */
  constructor(
    facts: { readonly id: string; readonly queuedAt: number; readonly recipients: number },
    { own, shared }: SplitText,
    envelope: Envelope | null,
    body: SpooledBody,
  ) {
    this.id = facts.id
    this.queuedAt = facts.queuedAt
    this.body = body
    this.open = facts.recipients
    this.own = own
    this.shared = shared
    this.parsed = envelope
    const hints = this.hints
    this.isTimed = hints !== undefined && isTimed(hints)
    const dueAt = hints?.notBefore ?? facts.queuedAt
    this.recipients =
      facts.recipients === 1
        ? [new RecipientSlot(dueAt)]
        : Array.from({ length: facts.recipients }, () => new RecipientSlot(dueAt))
  }

  get place(): Place {
    return this.body.place
  }

  /** The envelope as it is in the spool. */
  get text(): string {
    return this.own + this.shared
  }

  /** Kept from now on, until `fold`: 200,000 waiting messages shall not fill the memory with what nobody looks at. */
  get envelope(): Envelope {
    this.parsed ??= parseEnvelopeText(this.text)
    return this.parsed
  }

  get tlsNeed(): Envelope['tls'] {
    return this.parsed === null ? tlsOfText(this.shared === '' ? this.own : this.shared) : this.parsed.tls
  }

  /** What its header says of its delivery; without keeping the envelope. */
  get hints(): Hints | undefined {
    return this.parsed === null ? hintsOfText(this.own) : this.parsed.hints
  }

  /** It waits, and leaves the memory to others: the body is in the log, and the envelope is short as text. */
  rest(): void {
    this.body.drop()
    this.fold()
  }

  /** Keeps the envelope as text alone. */
  fold(): void {
    this.parsed = null
    if (this.shared === '') ({ own: this.own, shared: this.shared } = splitText(this.own))
  }

  /** The envelope without keeping it, for whoever looks at many. */
  peekEnvelope(): Envelope {
    return this.parsed ?? parseEnvelopeText(this.text)
  }

  /** The recipients alone, without keeping them: less to read. */
  peekRecipients(): Envelope['recipients'] {
    return this.parsed?.recipients ?? parseRecipients(this.own, this.shared)
  }

  /** `false`: this text, in whatever case, is nowhere in sender and recipients. */
  mayMention(text: string): boolean {
    return this.own.toLowerCase().includes(JSON.stringify(text).slice(1, -1).toLowerCase())
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
  lastAttemptAt: number | null = null
  hold: Hold | null = null
  via: string | null = null
  isWarned = false
  isExpansionTold = false
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
    this.lastAttemptAt = state.lastAttemptAt
    this.hold = state.hold
    this.via = state.via
    this.isWarned = state.isWarned
    this.isExpansionTold = state.isExpansionTold
  }
}
