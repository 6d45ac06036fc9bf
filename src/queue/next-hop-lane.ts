import type { NextHop } from '../mail/next-hop.ts'
import type { Reply } from '../mail/reply.ts'
import { Backlog } from './backlog.ts'
import type { Form } from './form.ts'
import type { Attempt, Carrier, Delivery, Lane } from './lane.ts'
import type { RecipientSlot, StoredEntry } from './stored-entry.ts'

/** With more in a lane, envelopes that come behind them are kept as text. */
const manyWaiting = 20_000

/** What a lane asks of its queue. */
export type LaneOwner = {
  readonly isDraining: boolean
  /** The carrier is to be woken at the end of this turn. */
  wakeSoon(lane: NextHopLane): void
  /** The lane is down for the `failures`th time in a row, or for `forMs`; gives the time to probe it. */
  laneDown(lane: NextHopLane, failures: number, forMs?: number): number
  settled(delivery: QueuedDelivery, attempts: readonly Attempt[]): void
  taken(delivery: QueuedDelivery): void
  givenBack(delivery: QueuedDelivery): void
}

/**
 * up         everything that waits may be taken
 * back-off   nothing, until `until`
 * probing    one delivery at a time, until one of them is settled
 */
export class NextHopLane implements Lane {
  readonly nextHop: NextHop
  readonly carrier: Carrier
  state: 'up' | 'back-off' | 'probing' = 'up'
  /** With carriers now. */
  active = 0
  failures = 0
  until = 0
  /** Since when it is not up; `null`: it is. */
  since: number | null = null
  why: string | null = null
  reply: Reply | null = null
  private readonly owner: LaneOwner
  /** It wants to be left alone until then: no answer to what is still on the wire ends that. */
  private isOrdered = false
  private backlog = new Backlog()

  constructor(nextHop: NextHop, carrier: Carrier, owner: LaneOwner) {
    this.nextHop = nextHop
    this.carrier = carrier
    this.owner = owner
  }

  /** Deliveries in the lane that may be taken, or could if it were up. */
  get waiting(): number {
    return this.backlog.waiting
  }

  get ready(): number {
    if (this.owner.isDraining || this.state === 'back-off') return 0
    return this.state === 'up' ? this.waiting : Math.min(this.waiting, Math.max(0, 1 - this.active))
  }

  get isIdle(): boolean {
    return this.waiting === 0 && this.active === 0 && this.state !== 'back-off'
  }

  push(delivery: QueuedDelivery): void {
    this.backlog.push(delivery)
    // Whoever waits for a next hop that is down, or behind many others, leaves the memory to others.
    if (this.ready === 0) delivery.entry.rest()
    else {
      if (this.waiting > manyWaiting) delivery.entry.fold()
      this.owner.wakeSoon(this)
    }
  }

  take(): QueuedDelivery | null {
    if (this.ready === 0) return null
    const delivery = this.backlog.shift()
    if (delivery === null) return null
    this.active++
    delivery.state = 'taken'
    this.owner.taken(delivery)
    return delivery
  }

  down(why: string, reply: Reply | null, forMs?: number): void {
    this.why = why
    this.reply = reply
    // Whoever wants to be left alone was reached.
    this.isOrdered = forMs !== undefined
    if (!this.isOrdered) this.failures++
    if (this.failures <= 1) this.backlog.dropBodies()
    this.state = 'back-off'
    this.until = this.owner.laneDown(this, this.failures, forMs)
  }

  /** What is known of it is forgotten, and it is tried at once. */
  reset(): void {
    this.failures = 0
    this.probe()
  }

  /** The time of back-off is over, or an operator wants to know. */
  probe(): void {
    if (this.state !== 'back-off') return
    this.state = 'probing'
    this.owner.wakeSoon(this)
  }

  settled(delivery: QueuedDelivery, attempts: readonly Attempt[]): void {
    this.active--
    this.owner.settled(delivery, attempts)
    // A connection was made, whatever came of the message; a lost one is the message's own retry.
    const answered = attempts.some(({ reply }) => reply !== null)
    if (this.state === 'probing' || (this.state === 'back-off' && answered && !this.isOrdered)) this.up()
  }

  putBack(delivery: QueuedDelivery): void {
    this.active--
    this.backlog.unshift(delivery)
    this.owner.givenBack(delivery)
    if (this.ready > 0) this.owner.wakeSoon(this)
  }

  /** Takes a delivery out that was not yet taken. */
  cancel(delivery: QueuedDelivery): void {
    delivery.cancel()
  }

  /** Takes out all that waits, to be routed afresh. */
  empty(): Backlog {
    const all = this.backlog
    this.backlog = new Backlog()
    return all
  }

  private up(): void {
    this.state = 'up'
    this.since = null
    this.failures = 0
    this.why = null
    this.reply = null
    if (this.waiting > 0) this.owner.wakeSoon(this)
  }
}

/** ready: in its lane. taken: with a carrier. settled: over, or cancelled. */
export class QueuedDelivery implements Delivery {
  readonly lane: NextHopLane
  readonly entry: StoredEntry
  readonly recipients: readonly number[]
  /** Made when it is taken. */
  form: Form | null = null
  state: 'ready' | 'taken' | 'settled' = 'ready'
  /** Where it waits. That of its lane, unless the lane was emptied and this one was not routed yet. */
  backlog: Backlog | null = null

  constructor(lane: NextHopLane, entry: StoredEntry, recipients: readonly number[]) {
    this.lane = lane
    this.entry = entry
    this.recipients = recipients
  }

  /** Takes it out of its lane, before anybody took it. Its recipients are in no delivery then. */
  cancel(): void {
    if (this.state !== 'ready') throw new Error(`${this.entry.id}: a delivery that was taken cannot be cancelled`)
    this.withdraw()
    this.backlog?.cancelled()
  }

  /** For the backlog that has given it out. */
  withdraw(): void {
    this.state = 'settled'
    for (const index of this.recipients) (this.entry.recipients[index] as RecipientSlot).delivery = null
  }

  get isTaken(): boolean {
    return this.state === 'taken'
  }

  settle(attempts: readonly Attempt[]): void {
    if (this.state !== 'taken') throw new Error(`${this.entry.id}: a delivery is settled once, after it was taken`)
    if (attempts.length !== this.recipients.length) {
      throw new Error(`${this.entry.id}: ${attempts.length} attempts for ${this.recipients.length} recipients`)
    }
    this.state = 'settled'
    this.lane.settled(this, attempts)
  }

  putBack(): void {
    if (this.state !== 'taken') throw new Error(`${this.entry.id}: a delivery that was not taken cannot be put back`)
    this.state = 'ready'
    this.lane.putBack(this)
  }
}
