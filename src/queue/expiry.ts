import type { Clock } from '../mail/clock.ts'
import type { NextHop } from '../mail/next-hop.ts'
import { Fifo } from './fifo.ts'
import type { Ledger } from './ledger.ts'
import { lateOutcome, type Outcome } from './reports.ts'
import { isLate, policiesOf, policyFor, type Retrying } from './retrying.ts'
import { retryDelay } from './settle.ts'
import type { RecipientSlot, StoredEntry } from './stored-entry.ts'
import { nextTerm, Term } from './term.ts'

/** Messages that reach an age are looked for no more often. */
const sweepMs = 1000
/** Messages looked at in one turn of the event loop. */
const perTurn = 100
/** Who would be paused at his next attempt, and nobody has seen it yet, is looked at again. */
const againMs = 3_600_000

export type ExpiryOptions = Retrying & {
  readonly clock: Clock
  /** Where a recipient goes now; `null`: to no next hop. `paused`: nothing is tried, as soon as it is due. */
  readonly nextHopOf: (entry: StoredEntry, index: number) => NextHop | null | 'paused'
  /** Asks for `sweep` at that time, or for `termIsOver`. */
  readonly plan: (at: number, term: Term | 'expiry') => void
}

/**
 * Fails what has waited for too long, and tells senders what is late, also in a lane that is down and would never settle
 * it. Policies differ by route, but the ages that they name are few, and the ledger is in the order of age: so one time is
 * planned, that at which the next message reaches one of the ages, and only such messages are looked at.
 */
export class Expiry {
  /** Some message of the ledger will be looked at: until then no other is any earlier. */
  isPlanned = false
  private readonly options: ExpiryOptions
  private readonly ledger: Ledger
  private sweepAt = Number.POSITIVE_INFINITY
  /** Who reached an age up to here was looked at. */
  private sweptAt: number
  /** When all are looked at who have reached any age, also long ago: they were not waiting then, or got another policy. */
  private allAt = Number.POSITIVE_INFINITY
  private readonly late = new Fifo<StoredEntry>()
  private isLooking = false

  constructor(options: ExpiryOptions, ledger: Ledger) {
    this.options = options
    this.ledger = ledger
    this.sweptAt = options.clock.now()
  }

  /** The message, than which none is older, is looked at when it reaches the first of the ages. */
  watch(oldest: StoredEntry): void {
    this.isPlanned = true
    this.planAt(oldest.queuedAt + this.ages()[0]!)
  }

  /** For messages that may be too old already: they get the time of one attempt. */
  watchOverdue(oldest: StoredEntry): void {
    const { clock, retry } = this.options
    this.watch(oldest)
    if (oldest.queuedAt + this.ages()[0]! > clock.now()) return
    this.lookAgainAt(clock.now() + retryDelay(retry(null), 1))
  }

  /** Its times are its own, and nobody else's ages meet them: it is looked at when the next of them comes. */
  watchTerm(entry: StoredEntry): void {
    const { clock, retry } = this.options
    const now = clock.now()
    const at = nextTerm(
      entry,
      (index) => {
        const nextHop = this.options.nextHopOf(entry, index)
        return nextHop === 'paused' ? null : policyFor(this.options, entry, nextHop)
      },
      now,
    )
    // Whose time was over while the gateway stood still gets the time of one attempt.
    entry.termAt = at === 'over' ? now + retryDelay(retry(null), 1) : (at ?? now + againMs)
    this.options.plan(entry.termAt, new Term(entry))
  }

  termIsOver(entry: StoredEntry, at: number): void {
    if (entry.isGone || entry.termAt !== at) return
    this.look(entry)
    if (!entry.isGone) this.watchTerm(entry)
  }

  /** Other policies hold: each message is held against its own, now. */
  lookAtAll(): void {
    for (const entry of this.ledger.entries.values()) if (entry.isTimed) this.watchTerm(entry)
    this.allAt = this.options.clock.now()
    this.planAt(this.allAt)
  }

  /** Nobody is looked at any more: what was not seen is seen at the next start. */
  close(): void {
    this.late.retain(() => false)
  }

  sweep(at: number): void {
    // An earlier sweep was planned meanwhile, and has planned its own next one.
    if (at !== this.sweepAt) return
    const now = this.options.clock.now()
    const since = this.allAt <= now ? Number.NEGATIVE_INFINITY : this.sweptAt
    if (this.allAt <= now) this.allAt = Number.POSITIVE_INFINITY
    this.sweptAt = now
    this.sweepAt = Number.POSITIVE_INFINITY
    const ages = this.ages()
    let nextAt = this.allAt
    this.isPlanned = false
    for (const entry of this.ledger.entries.values()) {
      let isLate = false
      for (let i = 0; i < ages.length; i++) {
        const at = entry.queuedAt + ages[i]!
        if (at > now) nextAt = Math.min(nextAt, at)
        else if (at > since) isLate = true
      }
      if (isLate) this.late.push(entry)
      if (entry.queuedAt + ages[0]! > now) {
        this.isPlanned = true
        break
      }
    }
    if (nextAt !== Number.POSITIVE_INFINITY) this.planAt(Math.max(nextAt, now + sweepMs))
    if (!this.isLooking) this.lookAtSome()
  }

  /** All ages at which something is due, in ascending order; never empty. */
  private ages(): readonly number[] {
    const ages = policiesOf(this.options).flatMap(({ expireAfterMs, warnAfterMs }) =>
      warnAfterMs == null || warnAfterMs >= expireAfterMs ? [expireAfterMs] : [warnAfterMs, expireAfterMs],
    )
    return [...new Set(ages)].sort((a, b) => a - b)
  }

  private planAt(at: number): void {
    const from = Math.max(at, this.options.clock.now())
    if (from >= this.sweepAt) return
    this.sweepAt = from
    this.options.plan(from, 'expiry')
  }

  private lookAtSome(): void {
    this.isLooking = true
    for (let count = 0; count < perTurn; count++) {
      const entry = this.late.shift()
      if (entry === undefined) {
        this.isLooking = false
        return
      }
      if (!entry.isGone) this.look(entry)
    }
    setImmediate(() => this.lookAtSome())
  }

  private look(entry: StoredEntry): void {
    const now = this.options.clock.now()
    const expired: Outcome[] = []
    const late: Outcome[] = []
    for (const [index, slot] of entry.recipients.entries()) {
      // Paused: nobody is told that it failed because we did not try. It gets an attempt when it is released.
      if (slot.state !== 'waiting' || slot.paused !== null) continue
      const nextHop = slot.delivery?.lane.nextHop ?? this.options.nextHopOf(entry, index)
      if (nextHop === 'paused') {
        this.lookAgainAt(now + againMs)
        continue
      }
      const policy = policyFor(this.options, entry, nextHop)
      const age = now - entry.queuedAt
      if (age >= policy.expireAfterMs) {
        takeFromLane(slot)
        const { lastAttemptAt } = slot
        expired.push({ index, expired: true, status: '4.4.7', lastAttemptAt, silent: policy.dsn === 'never' })
      } else if (isLate(policy, age) && !slot.isWarned) {
        hearLane(slot)
        late.push(lateOutcome(entry, index, policy))
      }
    }
    this.ledger.warn(entry, late)
    this.ledger.giveUp(entry, expired)
  }

  /** Sooner, when somebody else waits for it: a wait that is prolonged by each new one might never end. */
  private lookAgainAt(at: number): void {
    if (this.allAt === Number.POSITIVE_INFINITY) this.allAt = at
    this.planAt(this.allAt)
  }
}

/** The next hop was never reached, or not lately: what it said, or what kept us from it, is the last word. */
function hearLane(slot: RecipientSlot): void {
  if (slot.delivery === null) return
  slot.lastReply ??= slot.delivery.lane.reply
  slot.why ??= slot.delivery.lane.why
}

function takeFromLane(slot: RecipientSlot): void {
  hearLane(slot)
  if (slot.delivery?.state === 'ready') slot.delivery.cancel()
  slot.delivery = null
}
