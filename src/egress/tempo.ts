import { performance } from 'node:perf_hooks'
import type { Clock, Timer } from '../mail/clock.ts'

/** A connection, as far as its work goes. */
type Hand = {
  /** It serves only what another host could not take. */
  readonly spare: boolean
  /** What it has on the wire. */
  readonly current: object | null
  /** When that began, epoch ms. */
  readonly since: number
}

/** What the event loop did for a while: the part of the time that it was at work, and how long its turns were. */
export type LoopUse = { readonly busy: number; readonly turnMs: number }

/** What waits shall be on its way within this time, as far as open connections can do it. */
const workMs = 100
/** What waits may need so long on the connections that there are; then more are opened. */
const openMs = 500
/** What has waited so long at a stretch is more than the first moments of a start. */
const longMs = 2000
/** The event loop was at work for more than this part of the time: what takes long may be we, and not the host. */
const busyShare = 0.25
/** A message that takes so long, and more than so many turns of the event loop, was waited for, however busy we are. */
const slowMs = 20
const slowTurns = 4
/** So much content that waits is worth one more connection, but not so few messages: it has to be read from the disk again. */
const bytesEach = 16 * 2 ** 20
const fewWaiting = 100
/** While something waits, it is looked at again so often. */
const lookMs = 100
/** How many of the latest messages tell how quick the host is. */
const latest = 8
/** The first ones tell more of us: of a connection that was just opened, and of a program that has just been started. */
const first = 3

/**
 * How long a message takes on a connection to one next hop, and so how many connections what waits is worth. A host that
 * is quick is served best by few: each message costs us less when its envelope goes out with the content before it, and a
 * crash leaves no more messages that the host has taken and we do not know of than there are connections at work. Where
 * an answer takes long, on the way or at the host, each message is worth a connection.
 *
 * Where much content waits, more help all the same: what is not in memory any more has to be read from the disk.
 *
 * What we measure is the host's time and ours. The shortest of the latest messages has the least of ours; and while the
 * event loop is busy, most of all in the first second of a start, to open more to a quick host makes nothing faster: one
 * more for each two seconds that something has been waiting, so that what goes out gets its part of a busy event loop.
 */
export class Tempo {
  private readonly clock: Clock
  private readonly measure: () => () => LoopUse
  private count = 0
  private meanMs = 0
  private meanBytes = 0
  /** Of the latest messages, and of as many before them. */
  private shortestMs = Number.POSITIVE_INFINITY
  private shortestBefore = Number.POSITIVE_INFINITY
  /** All that are at work have waited for so long. */
  private silentMs = 0
  /** Since when something waits. */
  private behindSince: number | null = null
  /** `null`: nobody has looked yet. */
  private loop: LoopUse | null = null
  private timer: Timer | null = null

  /** @param measure begins to measure, and what it gives ends it */
  constructor(clock: Clock, measure = measureLoop) {
    this.clock = clock
    this.measure = measure
  }

  /** A transaction has come to its end. */
  took(ms: number, bytes: number): void {
    this.silentMs = 0
    if (++this.count <= first) return
    this.meanMs += (ms - this.meanMs) / Math.min(latest, this.count - first)
    this.meanBytes += (bytes - this.meanBytes) / Math.min(latest, this.count - first)
    if (this.count % latest === 0) {
      this.shortestBefore = this.shortestMs
      this.shortestMs = ms
    } else if (ms < this.shortestMs) this.shortestMs = ms
  }

  /** Something waits. */
  waits(now: number): void {
    this.behindSince ??= now
  }

  /** Nothing waits, and somebody has nothing to do. */
  caughtUp(): void {
    this.behindSince = null
  }

  /** How many of `free` connections are to help those at work, while so many messages wait. */
  helpers(connections: Iterable<Hand>, free: number, waiting: number): number {
    if (free === 0) return 0
    let atWork = 0
    for (const connection of connections) if (isAtWork(connection)) atWork++
    const worth = Math.max(forWithin(waiting, this.quickestMs, workMs), this.forBytes(waiting))
    return Math.min(free, Math.max(0, worth - atWork))
  }

  /** Connections to be open while so many messages wait. */
  toOpen(waiting: number, now: number): number {
    const behindMs = this.behindSince === null ? 0 : now - this.behindSince
    const eachMs = behindMs < longMs ? this.quickestMs : Math.max(this.meanMs, this.silentMs)
    const worth = forWithin(waiting, eachMs, openMs)
    if (!this.isOurs(this.quickestMs)) return worth
    return Math.min(worth, Math.max(this.forBytes(waiting), 1 + Math.floor(behindMs / longMs)))
  }

  /** Calls `then` in a moment, when it is known how long those at work are silent: none of them may ever be ready. */
  lookAgain(connections: ReadonlyMap<Hand, unknown>, then: () => void): void {
    if (this.timer !== null) return
    const measured = this.measure()
    this.timer = this.clock.setTimeout(() => {
      this.timer = null
      this.loop = measured()
      const now = this.clock.now()
      let silentMs = Number.POSITIVE_INFINITY
      for (const one of connections.keys()) if (isAtWork(one)) silentMs = Math.min(silentMs, now - one.since)
      this.silentMs = silentMs === Number.POSITIVE_INFINITY ? 0 : silentMs
      then()
    }, lookMs)
  }

  /** `then` is still to be called. */
  get looks(): boolean {
    return this.timer !== null
  }

  close(): void {
    this.timer?.cancel()
    this.timer = null
  }

  /** However quick the host: what waits is not to pile up. */
  private forBytes(waiting: number): number {
    return 1 + Math.floor(waiting / Math.max(fewWaiting, bytesEach / this.meanBytes))
  }

  /** It is not the host that takes so long. As busy as at a start, when nobody has looked yet. */
  private isOurs(ms: number): boolean {
    const { loop } = this
    return loop === null || (loop.busy > busyShare && ms < Math.max(slowMs, loop.turnMs * slowTurns))
  }

  private get quickestMs(): number {
    const ms = Math.min(this.shortestMs, this.shortestBefore)
    return Math.max(this.silentMs, ms === Number.POSITIVE_INFINITY ? 0 : ms)
  }
}

/** Connections that bring so many messages on their way within a time. */
const forWithin = (waiting: number, eachMs: number, withinMs: number): number =>
  Math.max(1, Math.ceil((waiting * eachMs) / withinMs))

function measureLoop(): () => LoopUse {
  const { active, idle } = performance.eventLoopUtilization()
  const turns = turnsSoFar()
  return () => {
    const use = performance.eventLoopUtilization()
    const activeMs = use.active - active
    const turnMs = turns === null ? 0 : activeMs / Math.max(1, (turnsSoFar() ?? 0) - turns)
    return { busy: activeMs / Math.max(1, activeMs + use.idle - idle), turnMs }
  }
}

/** Turns of the event loop; `null`: this Node does not count them. */
const turnsSoFar = (): number | null => performance.nodeTiming.uvMetricsInfo?.loopCount ?? null

/** On messages that any connection may have. */
const isAtWork = ({ spare, current }: Hand): boolean => !spare && current !== null
