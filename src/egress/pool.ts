import type { NextHop } from '../mail/next-hop.ts'
import type { Reply } from '../mail/reply.ts'
import type { Attempt, Lane } from '../queue/lane.ts'
import { answered, refusedHere, unanswered } from './attempt.ts'
import { within } from './capabilities.ts'
import { Connection } from './connection.ts'
import { lookInto } from './content.ts'
import { type Dialled, dial, type SmtpCarrierOptions } from './dial.ts'
import { diallingOf } from './dialling.ts'
import { learn, parted, slowed } from './heed.ts'
import { Intake } from './intake.ts'
import { isUntouched, isWorthMoving, type Job, moved, newJob, settleAll, settleAsBefore } from './job.ts'
import type { Kept } from './kept.ts'
import { type LineFacts, logOutcome } from './outcome-log.ts'
import { type Place, type Places, trialMs } from './places.ts'
import type { Shape } from './shape.ts'
import type { Sources } from './source.ts'
import { Tempo } from './tempo.ts'
import type { Work } from './work.ts'

const maxAgeMs = 300_000
/** Hosts asked in one attempt (one, and one other for what the first could not take now). */
const hostsPerAttempt = 2
/** It gave its place up. */
const noSession = `no session within ${trialMs / 1000} s while others waited for a connection`

/** The kept connections to one next hop, and the work between its lane and them. */
export class Pool implements Work {
  readonly nextHop: NextHop
  readonly shape: Shape
  private readonly intake: Intake
  readonly options: SmtpCarrierOptions
  readonly places: Places
  readonly sources: Sources
  readonly kept = new Map<Connection, Kept>()
  private readonly free: Connection[] = []
  /** Jobs back from a look into the spool, or with recipients left when their connection ended. */
  private readonly returned: Job[] = []
  /** Jobs for another host than the one that could not take them. */
  private readonly elsewhere: Job[] = []
  private opening = 0
  private openingSpare = 0
  /** Of those kept, for `elsewhere` alone. */
  private spares = 0
  private lookups = 0
  private readonly tempo: Tempo
  private scheduled = false

  constructor(lane: Lane, options: SmtpCarrierOptions, places: Places, shape: Shape, sources: Sources) {
    this.intake = new Intake(lane, shape, options.clock)
    this.nextHop = lane.nextHop
    this.options = options
    this.places = places
    this.shape = shape
    this.tempo = new Tempo(options.clock)
    this.sources = sources
    shape.members.add(this)
  }

  get lane(): Lane {
    return this.intake.lane
  }

  get size(): number {
    return this.kept.size + this.opening + this.openingSpare
  }

  /** Nothing is kept, awaited or owed: the pool may be forgotten. */
  get isEmpty(): boolean {
    const owed = this.lookups + this.returned.length + this.elsewhere.length
    return this.size === 0 && owed === 0 && !this.intake.waits && !this.tempo.looks && !this.scheduled
  }

  /** The next hop is there, as far as anybody knows. */
  get isProven(): boolean {
    return this.kept.size > 0 || (this.shape.wasUp && !this.wasDown)
  }

  /** The last that is known of it is that it was not reached. */
  get wasDown(): boolean {
    return (this.lane.failures ?? 0) > 0
  }

  get hasFree(): boolean {
    return this.free.length > 0
  }

  /** Gives up one connection that has nothing to do. */
  yieldOne(): void {
    this.free.shift()?.quit()
  }

  /** The lane has something. Many wakes in one turn of the event loop are one flush. */
  wake(lane: Lane): void {
    this.intake.lane = lane
    if (this.scheduled) return
    this.scheduled = true
    queueMicrotask(() => {
      this.scheduled = false
      this.flush()
    })
  }

  /** Hands out what waits to free connections, and opens more when that is not enough. */
  flush(): void {
    if (this.places.draining) return
    for (let turns = this.helpers; turns > 0 && this.waiting > 0; turns--) this.free.pop()?.start()
    if (this.elsewhere.length > 0) this.serveElsewhere()
    const now = this.options.clock.now()
    const { shape } = this
    if (shape.site?.holdsBack(this) !== true) this.intake.awaitRate(now, () => this.flush())
    if (this.waiting > 0) this.tempo.waits(now)
    // One connection proves that the next hop is there, and its first message that it takes mail; then as many more at a
    // time as there are.
    while (
      this.waiting > this.opening &&
      this.hasRoom &&
      this.opening < Math.max(1, this.kept.size) &&
      (this.kept.size === this.spares ||
        (shape.works && this.kept.size - this.spares + this.opening < this.tempo.toOpen(this.waiting, now)))
    ) {
      const place = this.places.acquire(this)
      if (place === null) break
      this.opening++
      shape.opened()
      this.open(place).catch((error: Error) => this.broken(error))
    }
    if (this.kept.size > this.spares && this.waiting > 0) this.tempo.lookAgain(this.kept, () => this.flush())
    if (this.waiting === 0 || this.size > 0) return
    if (shape.site?.hasRoom === false) shape.site.await(this)
    else if (!this.hasRoom) shape.await(this)
  }

  take(connection: Connection, ahead: boolean): Job | null {
    if (this.places.draining) return null
    if (connection.spare) {
      const index = this.elsewhere.findIndex((job) => !job.hosts.has(connection.label))
      return index < 0 ? null : (this.elsewhere.splice(index, 1)[0] as Job)
    }
    // Not behind another message while somebody has nothing to do.
    if (ahead && this.waiting <= this.helpers) return null
    return this.nextJob()
  }

  finished(job: Job, connection: Connection, tookMs?: number): void {
    if (tookMs !== undefined) this.tempo.took(tookMs, job.delivery.entry.body.sizeBytes)
    const kept = this.kept.get(connection)
    if (
      kept !== undefined &&
      kept.choices > 1 &&
      job.hosts.size + 1 < hostsPerAttempt &&
      isWorthMoving(job) &&
      !this.places.draining &&
      (this.elsewhere.length + this.spares + this.openingSpare > 0 || this.hasRoom)
    ) {
      this.elsewhere.push(moved(job, connection.label))
      this.wake(this.lane)
      return
    }
    this.settle(job, kept?.line)
  }

  putBack(job: Job): void {
    if (isUntouched(job)) this.intake.putBack(job.delivery)
    else {
      settleAll(job, unanswered(null, 'mail', '4.3.2', 'not offered yet'))
      this.settle(job)
    }
  }

  resume(job: Job): void {
    this.returned.push(job)
    if (this.places.draining) this.giveBackAll()
    else this.wake(this.lane)
  }

  lookUp(job: Job): void {
    this.lookups++
    lookInto(job)
      .then(() => {
        this.lookups--
        this.returned.push(job)
        if (this.places.draining) this.giveBackAll()
        this.flush()
      })
      .catch((error: Error) => this.broken(error))
  }

  isOver(connection: Connection, messages: number): boolean {
    if (this.places.draining) return true
    const kept = this.kept.get(connection)
    const { clock, messagesPerConnection, settings } = this.options
    const now = clock.now()
    return (
      kept?.generation !== this.places.generation ||
      messages >=
        Math.min(messagesPerConnection ?? 1000, connection.maxMessages, this.shape.messagesPerConnection(now)) ||
      now - connection.openedAt > maxAgeMs ||
      this.shape.isOver(settings(), now) ||
      this.places.wanted(this, messages)
    )
  }

  slow(connection: Connection, waitedMs: number): void {
    slowed(connection, waitedMs, this)
  }

  idle(connection: Connection): void {
    if (connection.spare) return
    if (this.places.isShort(this)) connection.quit()
    else this.free.push(connection)
    if (this.waiting === 0) this.tempo.caughtUp()
  }

  gone(connection: Connection): void {
    const kept = this.kept.get(connection)
    if (kept === undefined) return
    kept.untrack()
    this.kept.delete(connection)
    if (connection.spare) this.spares--
    const index = this.free.indexOf(connection)
    if (index >= 0) this.free.splice(index, 1)
    this.options.log.debug('connection.closed', { host: connection.label, messages: connection.messages })
    this.shape.closed()
    kept.place.release()
    this.judge(connection)
    this.wake(this.lane)
  }

  /** Gives back what no connection has begun. */
  drain(): void {
    this.giveBackAll()
  }

  /** Kept connections without work leave; those with work leave after it. */
  retire(): void {
    for (const connection of this.free.splice(0)) connection.quit()
    for (const connection of this.kept.keys()) if (connection.spare) connection.quit()
  }

  close(): void {
    this.intake.close()
    this.tempo.close()
    for (const connection of [...this.kept.keys()]) connection.close()
    this.giveBackAll()
  }

  /**
   * A host that opens sessions and then drops each of them in its first transaction would cost every message that waits
   * an attempt, one connection after the other. After some of these it is as good as unreachable.
   */
  private judge(connection: Connection): void {
    if (connection.spare || this.places.draining) return
    if (connection.parting !== null) parted(connection, connection.parting, this)
    if (!this.shape.ended(connection.messages > 0 || connection.wasIdle)) return
    for (const other of this.kept.keys()) if (other.messages > 0 || other.wasIdle) return
    this.shape.ended(true)
    this.isDown('4.4.2', `${connection.label}: the host drops every session before a message is through`, null)
  }

  private isDown(status: string, why: string, reply: Reply | null, forMs?: number): void {
    this.options.log.warn('next-hop.down', { nextHop: this.nextHop.key, why, status })
    for (const job of this.returned.splice(0)) this.putBack(job)
    this.lane.down(`${status} ${why}`, reply, forMs)
  }

  private nextJob(): Job | null {
    const job = this.returned.shift()
    if (job !== undefined) return job
    const delivery = this.intake.take()
    return delivery === null ? null : newJob(delivery)
  }

  /** Jobs that may be begun now. */
  private get waiting(): number {
    return this.intake.ready + this.returned.length
  }

  /** Connections without work that what waits is worth. */
  private get helpers(): number {
    return this.tempo.helpers(this.kept.keys(), this.free.length, this.waiting)
  }

  get hasRoom(): boolean {
    return this.shape.hasRoom(this.options.settings(), this.options.clock.now())
  }

  private async open(place: Place): Promise<void> {
    const dialled = await this.dial(new Set(), place)
    this.opening--
    if (dialled.kind === 'open') return this.keep(dialled, false, place)
    this.shape.closed()
    place.release()
    if (this.places.draining) return
    if (dialled.kind === 'later') return this.wake(this.lane)
    if (dialled.kind === 'refused') return this.refuseAll(dialled.reply.text, dialled)
    for (const connection of this.kept.keys()) {
      if (connection.spare) continue
      // Some connections are enough for the host at this time, as it took no more.
      this.shape.ceiling.hold(this.kept.size, this.options.clock.now(), dialled.why)
      return
    }
    if (this.opening > 0) return
    if (place.isOver) this.isDown('4.4.1', `${noSession}; ${dialled.why}`, null)
    else this.isDown(dialled.status, dialled.why, dialled.reply, dialled.forMs)
  }

  private dial(without: ReadonlySet<string>, place: Place): Promise<Dialled> {
    return dial(this.nextHop, this.options, diallingOf(this, without, place))
  }

  private keep(dialled: Extract<Dialled, { kind: 'open' }>, spare: boolean, place: Place): void {
    const { wire, choices, policy, source } = dialled
    place.proven()
    this.shape.wasUp = true
    const host = within(dialled.capabilities, this.shape.settings)
    const connection = new Connection(wire, host, this.options.settings().timeouts, this, spare)
    const untrack = this.places.track(connection)
    const line = { tls: connection.tls, policy: policy.by }
    if (spare) this.spares++
    this.kept.set(connection, { connection, generation: this.places.generation, choices, line, untrack, place })
    this.options.log.debug('connection.opened', {
      nextHop: this.nextHop.key,
      host: connection.label,
      tls: connection.tls,
      policy: policy.by,
      why: policy.why,
      source: source.address ?? undefined,
      helo: source.hostname ?? undefined,
    })
    connection.start()
    this.wake(this.lane)
  }

  /** No host will ever take what waits here. In slices, so that a long lane does not hold up the event loop. */
  private refuseAll(why: string, { reply, host }: Extract<Dialled, { kind: 'refused' }>): void {
    const attempt: Attempt =
      host === null ? refusedHere(reply.code, reply.status ?? '5.0.0', why, null) : answered(reply, host, 'connect')
    for (let count = 0; count < 100; count++) {
      if (this.places.draining) return
      const job = this.nextJob()
      if (job === null) return
      settleAll(job, attempt)
      this.settle(job)
    }
    setImmediate(() => this.refuseAll(why, { kind: 'refused', reply, host }))
  }

  private serveElsewhere(): void {
    for (const connection of [...this.kept.keys()]) if (connection.spare && connection.isIdle) connection.start()
    const job = this.elsewhere[0]
    if (job === undefined || this.openingSpare > 0) return
    for (const connection of this.kept.keys()) {
      if (connection.spare && !connection.isIdle && !job.hosts.has(connection.label)) return
    }
    const place = this.places.acquire(this)
    if (place === null) {
      this.giveUpElsewhere()
      return
    }
    this.openingSpare++
    this.shape.opened()
    this.openSpare(job.hosts, place).catch((error: Error) => this.broken(error))
  }

  private async openSpare(without: ReadonlySet<string>, place: Place): Promise<void> {
    const dialled = await this.dial(without, place)
    this.openingSpare--
    if (dialled.kind === 'open') return this.keep(dialled, true, place)
    this.shape.closed()
    place.release()
    this.giveUpElsewhere()
    this.wake(this.lane)
  }

  private giveUpElsewhere(): void {
    for (const job of this.elsewhere.splice(0)) {
      settleAsBefore(job)
      this.settle(job)
    }
  }

  private giveBackAll(): void {
    for (const job of this.returned.splice(0)) this.putBack(job)
    this.giveUpElsewhere()
  }

  private settle(job: Job, line?: LineFacts): void {
    const attempts = job.attempts as Attempt[]
    logOutcome(this.options.log, job.delivery, attempts, this.options.clock.now(), line)
    job.delivery.settle(attempts)
    learn(attempts, this)
  }

  private broken(error: Error): void {
    this.options.log.error('egress.bug', { nextHop: this.nextHop.key, why: error.stack })
  }
}
