import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import { assertNever } from '../mail/result.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { Ledger } from './ledger.ts'
import type { Spool } from './spool.ts'
import type { RecipientSlot, StoredEntry } from './stored-entry.ts'

/**
 * What an operator does to recipients that wait. What is with a carrier at that moment is left alone: it may just have
 * been delivered.
 *
 * retry     is due now, and the next hop that it waits for is probed; ends what the graph held, not what an operator holds
 * hold      waits for `release`, over restarts and applies, and does not expire meanwhile
 * release   goes on, whoever held it
 * fail      is given up as undeliverable; its sender is told, unless `notify` is false
 * drop      leaves the queue, and nobody is told
 * reroute   is asked of the active graph now; `via`: goes to that relay in place of the graph's next hop
 */
export type QueueAction =
  | { readonly kind: 'retry' | 'release' }
  | { readonly kind: 'hold' | 'drop'; readonly by: string; readonly reason: string }
  | { readonly kind: 'fail'; readonly by: string; readonly reason: string; readonly notify: boolean }
  | { readonly kind: 'reroute'; readonly via: string | null }

/** Of a recipient that an operator gave up; its sender reads it. */
const givenUp = 'the postmaster of this system has ended the delivery'

/** Whether the action moves a recipient. `active`: it would, but it is on the wire. */
export function concerns({ kind }: QueueAction, slot: RecipientSlot): 'yes' | 'no' | 'active' {
  if (slot.isReporting || slot.isFinal) return 'no'
  if (slot.state === 'active') return kind === 'retry' || kind === 'release' ? 'no' : 'active'
  switch (kind) {
    case 'hold':
      return slot.state === 'waiting' ? 'yes' : 'no'
    case 'release':
      return slot.state === 'held' ? 'yes' : 'no'
    case 'retry':
    case 'reroute':
      return slot.hold === null ? 'yes' : 'no'
    case 'fail':
    case 'drop':
      return 'yes'
    default:
      return assertNever(kind)
  }
}

export type SteeringParts = {
  readonly clock: Clock
  readonly log: Log
  readonly spool: Spool
  readonly ledger: Ledger
  readonly dispatcher: Dispatcher
}

/** Does it to recipients of one message that `concerns` said yes to. */
export class Steering {
  private readonly parts: SteeringParts

  constructor(parts: SteeringParts) {
    this.parts = parts
  }

  apply(action: QueueAction, entry: StoredEntry, recipients: readonly number[]): void {
    switch (action.kind) {
      case 'retry':
        this.retry(entry, recipients)
        break
      case 'hold':
        this.hold(entry, recipients, action)
        break
      case 'release':
        this.goOn(entry, recipients)
        break
      case 'fail':
        this.fail(entry, recipients, action.notify)
        break
      case 'drop':
        this.drop(entry, recipients, action)
        break
      case 'reroute':
        this.goOn(entry, recipients, action.via)
        break
      default:
        assertNever(action)
    }
  }

  private retry(entry: StoredEntry, recipients: readonly number[]): void {
    const free: number[] = []
    for (const index of recipients) {
      const { delivery } = slotOf(entry, index)
      if (delivery === null) free.push(index)
      else delivery.lane.probe()
    }
    if (free.length > 0) this.goOn(entry, free)
  }

  /** Due now, and asked anew; a pause that still holds comes back. `via` is left as it is unless it is given. */
  private goOn(entry: StoredEntry, recipients: readonly number[], via?: string | null): void {
    const { clock, ledger, dispatcher, spool } = this.parts
    const changed: number[] = []
    for (const index of recipients) {
      const slot = this.takeOut(entry, index)
      slot.dueAt = clock.now()
      if (slot.state === 'held' || (via !== undefined && slot.via !== via)) changed.push(index)
      if (slot.state === 'held') {
        slot.hold = null
        slot.why = null
      }
      if (via !== undefined) slot.via = via
      ledger.to(slot, 'waiting')
    }
    if (changed.length > 0) spool.mark(entry, changed)
    dispatcher.expiry.watchOverdue(entry)
    dispatcher.routeAfresh(entry)
  }

  private hold(
    entry: StoredEntry,
    recipients: readonly number[],
    { by, reason }: { by: string; reason: string },
  ): void {
    const { clock, ledger, log, spool } = this.parts
    const hold = { by, reason, at: clock.now() }
    for (const index of recipients) {
      const slot = this.takeOut(entry, index)
      slot.hold = hold
      slot.why = reason
      ledger.to(slot, 'held')
      log.info('message.held', { ...this.named(entry, index), reason, by })
    }
    spool.mark(entry, recipients)
    this.rest(entry)
  }

  private fail(entry: StoredEntry, recipients: readonly number[], notify: boolean): void {
    const outcomes = recipients.map((index) => {
      const slot = this.takeOut(entry, index)
      slot.hold = null
      // What a host said about it is not why it ends.
      slot.lastReply = null
      slot.lastHost = null
      slot.why = givenUp
      return { index, expired: false, status: '5.0.0', lastAttemptAt: slot.lastAttemptAt, silent: !notify }
    })
    this.parts.ledger.fail(entry, outcomes)
    this.rest(entry)
  }

  private drop(
    entry: StoredEntry,
    recipients: readonly number[],
    { by, reason }: { by: string; reason: string },
  ): void {
    const { ledger, log } = this.parts
    for (const index of recipients) {
      const slot = this.takeOut(entry, index)
      log.warn('message.dropped', { ...this.named(entry, index), reason, by })
      slot.hold = null
      slot.why = reason
      ledger.to(slot, 'discarded')
      entry.open--
    }
    ledger.changed(entry, recipients)
    this.rest(entry)
  }

  /** Out of its lane, and of what paused it. Others who waited in the same delivery are routed afresh. */
  private takeOut(entry: StoredEntry, index: number): RecipientSlot {
    const slot = slotOf(entry, index)
    slot.delivery?.cancel()
    this.parts.dispatcher.pauses.end(entry, slot)
    return slot
  }

  private rest(entry: StoredEntry): void {
    if (entry.isGone) return
    entry.rest()
    this.parts.dispatcher.routeAfresh(entry)
  }

  private named(entry: StoredEntry, index: number): { id: string; to: string } {
    return { id: entry.id, to: entry.peekRecipients()[index]!.mailbox.text }
  }
}

const slotOf = (entry: StoredEntry, index: number): RecipientSlot => entry.recipients[index] as RecipientSlot
