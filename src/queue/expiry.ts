import type { Clock } from '../mail/clock.ts'
import type { RetryPolicy } from '../mail/settings.ts'
import type { Ledger } from './ledger.ts'
import type { Outcome } from './reports.ts'
import { retryDelay } from './settle.ts'
import type { StoredEntry } from './stored-entry.ts'

/** Expired messages are looked for no more often. */
const sweepMs = 1000

/**
 * Fails what has waited for too long, also in a lane that is down and would never settle it. The ledger is in the order
 * of age, so one time is planned: that of the oldest message.
 */
export class Expiry {
  private readonly clock: Clock
  private readonly retry: () => RetryPolicy
  private readonly ledger: Ledger
  /** Asks for `sweep` at that time. */
  private readonly plan: (at: number) => void
  private sweepAt = Number.POSITIVE_INFINITY

  constructor(clock: Clock, retry: () => RetryPolicy, ledger: Ledger, plan: (at: number) => void) {
    this.clock = clock
    this.retry = retry
    this.ledger = ledger
    this.plan = plan
  }

  get isPlanned(): boolean {
    return this.sweepAt !== Number.POSITIVE_INFINITY
  }

  /** The message, which may be the oldest, is looked at when it is too old. */
  watch(oldest: StoredEntry, notBefore = 0): void {
    const at = Math.max(oldest.queuedAt + this.retry().expireAfterMs, notBefore, this.clock.now())
    if (at >= this.sweepAt) return
    this.sweepAt = at
    this.plan(at)
  }

  /** For a message that may be too old already: it gets the time of one attempt. */
  watchOverdue(entry: StoredEntry): void {
    this.watch(entry, this.clock.now() + retryDelay(this.retry(), 1))
  }

  sweep(at: number): void {
    // An earlier sweep was planned meanwhile, and has planned its own next one.
    if (at !== this.sweepAt) return
    this.sweepAt = Number.POSITIVE_INFINITY
    const now = this.clock.now()
    const { expireAfterMs } = this.retry()
    for (const entry of this.ledger.entries.values()) {
      if (entry.queuedAt + expireAfterMs > now) {
        this.sweepAt = Math.max(entry.queuedAt + expireAfterMs, now + sweepMs)
        break
      }
      this.expire(entry)
    }
    // What is overdue and still here is held, or fails by itself when its delivery is settled.
    if (this.isPlanned) this.plan(this.sweepAt)
  }

  private expire(entry: StoredEntry): void {
    const outcomes: Outcome[] = []
    for (const [index, slot] of entry.recipients.entries()) {
      // Paused: nobody is told that it failed because we did not try. It gets an attempt when it is released.
      if (slot.state !== 'waiting' || slot.paused !== null) continue
      const { delivery } = slot
      if (delivery !== null) {
        // The next hop was never reached, or not lately: what it said, or what kept us from it, is the last word.
        slot.lastReply ??= delivery.lane.reply
        slot.why ??= delivery.lane.why
        if (delivery.state === 'ready') delivery.lane.cancel(delivery)
        slot.delivery = null
      }
      outcomes.push({ index, expired: true, status: '4.4.7', lastAttemptAt: null })
    }
    this.ledger.fail(entry, outcomes)
  }
}
