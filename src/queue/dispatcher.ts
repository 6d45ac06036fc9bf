import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import type { NextHop, Route } from '../mail/next-hop.ts'
import type { Mailbox } from '../mail/path.ts'
import { assertNever } from '../mail/result.ts'
import { Afresh } from './afresh.ts'
import { Agenda } from './agenda.ts'
import type { QueueEntry } from './entry.ts'
import { Expiry } from './expiry.ts'
import { companyOf, type Form } from './form.ts'
import type { Attempt, Carrier } from './lane.ts'
import type { Ledger } from './ledger.ts'
import { type LaneOwner, NextHopLane, QueuedDelivery } from './next-hop-lane.ts'
import { type Pause, Pauses } from './pauses.ts'
import { lateOutcome, type Outcome } from './reports.ts'
import { isLate, policyFor, type Retrying, type RoutePolicy } from './retrying.ts'
import { isTaken, retryDelay, settle, taken } from './settle.ts'
import type { Sink } from './spool.ts'
import type { RecipientSlot, StoredEntry } from './stored-entry.ts'
import { Term } from './term.ts'

export type DispatcherOptions = Retrying & {
  readonly clock: Clock
  readonly log: Log
  /**
   * Where the recipient goes by the active graph, or that it waits for somebody's release; asked afresh at each attempt.
   * `via`: the relay that an operator chose for it.
   */
  readonly route: (mailbox: Mailbox, entry: QueueEntry, via: string | null) => Route | Pause
  readonly carriers: (nextHop: NextHop) => Carrier
  /** How these recipients' copy of a message leaves towards a next hop; absent or `null`: as it came. */
  readonly form?: (entry: QueueEntry, recipients: readonly number[], nextHop: NextHop) => Form | null
  /** Told what came of recipients that a delivery was tried for. */
  readonly onResult?: (result: DeliveryResult, recipients: number) => void
}

export type DeliveryResult = 'delivered' | 'deferred' | 'failed'

/** A host must take 100 recipients in one transaction (RFC 5321 §4.5.3.1.8). */
const maxRecipients = 100
/** Lanes kept although nothing is in them. */
const idleLanes = 1000

/**
 * Moves recipients through their states (see `RecipientState`). A recipient that is `waiting` is at one place: in the
 * agenda until it is due, in `afresh` until it is routed, in a lane, or in `pauses`.
 */
export class Dispatcher implements Sink, LaneOwner {
  readonly lanes = new Map<string, NextHopLane>()
  readonly carriers = new Set<Carrier>()
  readonly pauses = new Pauses()
  isDraining = false
  private readonly options: DispatcherOptions
  private readonly ledger: Ledger
  readonly expiry: Expiry
  private readonly agenda: Agenda<StoredEntry | NextHopLane | Term | 'expiry'>
  private readonly afresh = new Afresh((entry) => this.dispatch(entry))
  private readonly toWake = new Set<NextHopLane>()

  constructor(options: DispatcherOptions, ledger: Ledger) {
    this.options = options
    this.ledger = ledger
    this.agenda = new Agenda(options.clock, (target, at) => this.due(target, at))
    const nextHopOf = (entry: StoredEntry, index: number) => this.nextHopOf(entry, index)
    const plan = (at: number, term: Term | 'expiry') => this.agenda.add(at, term)
    this.expiry = new Expiry({ ...options, nextHopOf, plan }, ledger)
  }

  /** A message is on stable storage and its sender knows: the hot path. */
  stored(entry: StoredEntry): void {
    if (!this.expiry.isPlanned) this.expiry.watch(entry)
    this.ledger.enter(entry)
    if (entry.recipients.length > 1) this.ledger.reportExpansion(entry)
    this.dispatch(entry)
    if (entry.isTimed) this.planTimed(entry)
  }

  /** It says itself when it is sent or given up. */
  private planTimed(entry: StoredEntry): void {
    this.expiry.watchTerm(entry)
    this.plan(entry, this.options.clock.now())
    if (!isInLane(entry)) entry.rest()
  }

  /** Messages that a start found, oldest first. */
  resume(entries: readonly StoredEntry[]): void {
    const now = this.options.clock.now()
    for (const entry of entries) {
      this.ledger.enter(entry)
      // The report may not have been stored before the end.
      if (entry.recipients.length > 1 && entry.mayMention('expanded')) this.ledger.reportExpansion(entry)
      this.plan(entry, now)
      if (entry.isTimed) this.expiry.watchTerm(entry)
    }
    this.afresh.addRow(entries.values())
    // Who is too old because the gateway stood still is tried once before it fails.
    const [oldest] = entries
    if (oldest !== undefined) this.expiry.watchOverdue(oldest)
  }

  /** The recipients of this message that wait for nothing else are routed, soon. */
  routeAfresh(entry: StoredEntry): void {
    this.afresh.add(entry)
  }

  /** A new graph is active: what is in lanes may belong elsewhere; what waits for its time is asked then. */
  reroute(): void {
    // All of them first: what is routed makes lanes, and is not to be routed again.
    const rows = [...this.lanes.values()].filter(({ waiting }) => waiting > 0).map((lane) => lane.empty().withdrawn())
    for (const row of rows) this.afresh.addRow(row)
    // Routes may have other schedules now, and what was planned by the old ones may be too late.
    this.expiry.lookAtAll()
  }

  /** What `by` has paused is routed anew. Gives the number of messages. */
  release(by: string): number {
    const released = this.pauses.release(by)
    if (released === null) return 0
    const [oldest] = this.ledger.entries.values()
    if (oldest !== undefined) this.expiry.watchOverdue(oldest)
    this.afresh.addRow(released.entries)
    return released.messages
  }

  /** Many messages have left: what would keep them in memory until their time comes is forgotten. */
  forgetGone(): void {
    this.agenda.sweep((target) => target === 'expiry' || target instanceof NextHopLane || !target.isGone)
  }

  close(): void {
    this.isDraining = true
    this.afresh.close()
    this.agenda.close()
    this.expiry.close()
  }

  wakeSoon(lane: NextHopLane): void {
    if (this.toWake.size === 0) {
      // When the callback that brought it is over: all messages of one group commit are in their lanes then.
      queueMicrotask(() => {
        const lanes = [...this.toWake]
        this.toWake.clear()
        for (const one of lanes) if (one.ready > 0) one.carrier.wake(one)
      })
    }
    this.toWake.add(lane)
  }

  laneDown(lane: NextHopLane, failures: number, forMs?: number): number {
    const { clock, log, retry } = this.options
    lane.since ??= clock.now()
    const until = clock.now() + (forMs ?? retryDelay(retry(lane.nextHop), failures))
    this.agenda.add(until, lane)
    // Nobody of these was tried by name; all of them are put off all the same.
    if (lane.waiting > 0) this.options.onResult?.('deferred', lane.waiting)
    this.ledger.totals.deferred += lane.waiting
    log.warn('lane.down', { nextHop: lane.nextHop.key, why: lane.why, waiting: lane.waiting, failures, until })
    return until
  }

  taken(delivery: QueuedDelivery): void {
    const { entry, recipients, lane } = delivery
    const { form } = this.options
    if (form !== undefined) delivery.form = form(entry, recipients, lane.nextHop)
    for (const index of recipients) this.ledger.to(entry.recipients[index] as RecipientSlot, 'active')
  }

  givenBack({ entry, recipients }: QueuedDelivery): void {
    for (const index of recipients) this.ledger.to(entry.recipients[index] as RecipientSlot, 'waiting')
    this.expiry.watchOverdue(entry)
    this.ledger.checkIdle()
  }

  settled({ entry, recipients, lane }: QueuedDelivery, attempts: readonly Attempt[]): void {
    const now = this.options.clock.now()
    // Asked for only when something was not taken.
    let policy: RoutePolicy | null = null
    const changed: number[] = []
    const failed: Outcome[] = []
    let late: Outcome[] | null = null
    const delivered: number[] = []
    let dueAt = Number.POSITIVE_INFINITY
    for (const [position, index] of recipients.entries()) {
      const attempt = attempts[position] as Attempt
      const slot = entry.recipients[index] as RecipientSlot
      slot.delivery = null
      slot.attempts++
      slot.lastReply = attempt.reply
      slot.lastHost = attempt.host
      slot.why = attempt.reply === null ? attempt.why : null
      const settlement = isTaken(attempt)
        ? taken
        : settle(
            { queuedAt: entry.queuedAt, attempts: slot.attempts },
            attempt,
            (policy ??= policyFor(this.options, entry, lane.nextHop)),
            now,
          )
      this.options.onResult?.(settlement.kind === 'retry' ? 'deferred' : settlement.kind, 1)
      switch (settlement.kind) {
        case 'delivered':
          this.ledger.to(slot, 'delivered')
          this.ledger.totals.delivered++
          entry.open--
          changed.push(index)
          if (attempt.dsnTaken !== true) delivered.push(index)
          break
        case 'retry':
          slot.dueAt = settlement.at
          slot.lastAttemptAt = now
          this.ledger.totals.deferred++
          this.ledger.to(slot, 'waiting')
          changed.push(index)
          dueAt = Math.min(dueAt, settlement.at)
          if (!slot.isWarned && isLate(policy!, now - entry.queuedAt)) {
            late ??= []
            late.push(lateOutcome(entry, index, policy!))
          }
          break
        case 'failed':
          failed.push({
            index,
            expired: settlement.why === 'expired',
            spent: settlement.why === 'attempts',
            status: attempt.status,
            lastAttemptAt: now,
            silent: policy?.dsn === 'never',
          })
          break
        default:
          assertNever(settlement)
      }
    }
    if (dueAt !== Number.POSITIVE_INFINITY) this.planAt(entry, dueAt)
    this.ledger.reportSuccess(entry, delivered, lane.nextHop.kind === 'maildir' ? 'delivered' : 'relayed')
    if (late !== null) this.ledger.warn(entry, late)
    this.ledger.changed(entry, changed)
    this.ledger.giveUp(entry, failed)
    if (entry.open > 0 && !isInLane(entry)) entry.rest()
    this.ledger.checkIdle()
  }

  /** For whoever asks before it is due; `null`: to no next hop. What will be held is paused, too. */
  private nextHopOf(entry: StoredEntry, index: number): NextHop | null | 'paused' {
    const { mailbox } = entry.peekRecipients()[index]!
    const route = this.options.route(mailbox, entry, entry.recipients[index]!.via)
    if (route.kind === 'pause' || route.kind === 'hold') return 'paused'
    return route.kind === 'next-hop' ? route.nextHop : null
  }

  private due(target: StoredEntry | NextHopLane | Term | 'expiry', at: number): void {
    if (target === 'expiry') this.expiry.sweep(at)
    else if (target instanceof Term) this.expiry.termIsOver(target.entry, at)
    else if (target instanceof NextHopLane) {
      // Another failure or an operator's retry may have come between.
      if (target.state === 'back-off' && target.until <= at) target.probe()
    } else if (target.plannedAt === at) {
      target.plannedAt = null
      this.dispatch(target)
      if (!target.isGone) this.plan(target, this.options.clock.now())
    }
  }

  /** The agenda has a message once, for the first of its recipients that is due later. */
  private plan(entry: StoredEntry, now: number): void {
    let first = Number.POSITIVE_INFINITY
    for (const slot of entry.recipients) if (isFree(slot) && slot.dueAt > now && slot.dueAt < first) first = slot.dueAt
    if (first !== Number.POSITIVE_INFINITY) this.planAt(entry, first)
  }

  private planAt(entry: StoredEntry, at: number): void {
    if (entry.plannedAt !== null && entry.plannedAt <= at) return
    entry.plannedAt = at
    this.agenda.add(at, entry)
  }

  /** Routes every recipient that is due and at no other place; none, when the message left the queue meanwhile. */
  private dispatch(entry: StoredEntry): void {
    const now = this.options.clock.now()
    if (entry.recipients.length > 1) {
      this.dispatchMany(entry, now)
      return
    }
    const only = entry.recipients[0] as RecipientSlot
    if (!isFree(only) || only.dueAt > now) return
    const route = this.options.route(entry.peekRecipients()[0]!.mailbox, entry, only.via)
    if (route.kind === 'next-hop') this.toLane(entry, route.nextHop, onlyOne)
    else if (route.kind === 'pause') this.pause(entry, only, route)
    else this.divert(entry, new Map([[0, route]]))
  }

  private dispatchMany(entry: StoredEntry, now: number): void {
    const groups = new Map<string, { nextHop: NextHop; recipients: number[] }>()
    const to = entry.peekRecipients()
    const diverted = new Map<number, Exclude<Route, { kind: 'next-hop' }>>()
    for (const [index, slot] of entry.recipients.entries()) {
      if (!isFree(slot) || slot.dueAt > now) continue
      const route = this.options.route(to[index]!.mailbox, entry, slot.via)
      if (route.kind === 'pause') {
        this.pause(entry, slot, route)
        continue
      }
      if (route.kind !== 'next-hop') {
        diverted.set(index, route)
        continue
      }
      const key = route.nextHop.key + companyOf(to[index]!)
      const group = groups.get(key)
      if (group === undefined) groups.set(key, { nextHop: route.nextHop, recipients: [index] })
      else group.recipients.push(index)
    }
    for (const { nextHop, recipients } of groups.values()) {
      for (let from = 0; from < recipients.length; from += maxRecipients) {
        this.toLane(entry, nextHop, recipients.slice(from, from + maxRecipients))
      }
    }
    if (diverted.size > 0) this.divert(entry, diverted)
  }

  private pause(entry: StoredEntry, slot: RecipientSlot, pause: Pause): void {
    this.pauses.add(entry, slot, pause)
    slot.nextHop = null
    if (!isInLane(entry)) entry.rest()
  }

  private toLane(entry: StoredEntry, nextHop: NextHop, recipients: readonly number[]): void {
    const delivery = new QueuedDelivery(this.laneOf(nextHop), entry, recipients)
    for (const index of recipients) {
      const slot = entry.recipients[index] as RecipientSlot
      slot.delivery = delivery
      slot.nextHop = nextHop.key
    }
    delivery.lane.push(delivery)
  }

  private laneOf(nextHop: NextHop): NextHopLane {
    const known = this.lanes.get(nextHop.key)
    if (known !== undefined) return known
    if (this.lanes.size >= idleLanes) {
      for (const [key, lane] of this.lanes) if (lane.isIdle) this.lanes.delete(key)
    }
    const carrier = this.options.carriers(nextHop)
    this.carriers.add(carrier)
    const lane = new NextHopLane(nextHop, carrier, this)
    this.lanes.set(nextHop.key, lane)
    return lane
  }

  /** Recipients that the graph sends to no next hop. */
  private divert(entry: StoredEntry, routes: ReadonlyMap<number, Exclude<Route, { kind: 'next-hop' }>>): void {
    const { log } = this.options
    const changed: number[] = []
    const failed: Outcome[] = []
    for (const [index, route] of routes) {
      const slot = entry.recipients[index] as RecipientSlot
      const to = entry.envelope.recipients[index]!.mailbox.text
      slot.nextHop = null
      slot.lastHost = null
      switch (route.kind) {
        case 'refuse':
          this.options.onResult?.('failed', 1)
          slot.lastReply = route.reply
          slot.why = route.reply.text
          failed.push({ index, expired: false, status: route.reply.status, lastAttemptAt: null })
          break
        case 'hold':
          slot.why = route.reason
          this.ledger.to(slot, 'held')
          changed.push(index)
          entry.rest()
          log.info('message.held', { id: entry.id, to, reason: route.reason, at: route.at })
          break
        case 'discard':
          this.ledger.to(slot, 'discarded')
          entry.open--
          changed.push(index)
          log.info('message.discarded', { id: entry.id, to, at: route.at })
          break
        default:
          assertNever(route)
      }
    }
    this.ledger.changed(entry, changed)
    this.ledger.giveUp(entry, failed)
  }
}

const onlyOne: readonly number[] = [0]

/** Waits, and neither in a lane nor with a carrier nor for a release. */
const isFree = (slot: RecipientSlot): boolean =>
  slot.state === 'waiting' && slot.delivery === null && slot.paused === null

const isInLane = (entry: StoredEntry): boolean => entry.recipients.some(({ delivery }) => delivery !== null)
