import type { Clock } from '../mail/clock.ts'
import type { Connection } from './connection.ts'
import type { Tracked } from './dial.ts'
import { askForOne } from './member.ts'
import type { Pool } from './pool.ts'
import type { Sites } from './sites.ts'

/** A place for one connection, from the first octet to the last. */
export type Place = {
  /** Others wait, and no session came about in time: it is to be given back. */
  readonly isOver: boolean
  /** What is done in it before a session stands; gives what forgets it. */
  begin(one: Tracked): () => void
  /** A session stands: whoever waits for a trial may begin one. */
  proven(): void
  release(): void
}

/** A place whose next hop has not shown yet that it is there. */
type Trial = { readonly since: number; end(): void }

export type PlacesOptions = {
  readonly clock: Clock
  /** Connections at one moment, to all next hops. */
  readonly limit: () => number
  /** Whether both directions together have room for one more. */
  readonly hasRoom: () => boolean
  readonly pools: ReadonlyMap<string, Pool>
  readonly sites: Sites
  /** Something waits that only time or the other direction can help. */
  readonly schedule: () => void
  /** A place is free, and nobody has it. */
  readonly freed: () => void
}

/** How long an unknown next hop may keep a place without a session while others wait. */
export const trialMs = 3000

/** Messages after which a connection makes room when others wait for a place. */
const turnMessages = 50

/**
 * What all pools share: places for connections, handed out in the order of asking, so that sick next hops cannot have
 * them all:
 * - the last quarter is only for next hops that have no connection or less than their share of all places;
 * - next hops of which nobody knows whether they are there (no session yet) have at most three quarters, and of these
 *   the ones that were down the last time at most a quarter. A dead host holds its place for a whole time-out, unless
 *   others wait: then one that is tried for the first time has `trialMs`, and its full time when it is probed later;
 * - hosts that keep connections waiting for answers have at most half of all while others wait.
 */
export class Places {
  draining = false
  /** Raised when kept connections shall not be used on. */
  generation = 0
  used = 0
  /** What next hops with the same MX hosts share beside. */
  readonly sites: Sites
  private readonly options: PlacesOptions
  private readonly tracked = new Set<Tracked>()
  /** For want of a place. */
  private readonly waiting = new Set<Pool>()
  /** For want of a place among the trials. */
  private readonly untried = new Set<Pool>()
  private readonly trials = new Set<Trial>()
  /** Connections whose hosts keep us waiting, the longest first. */
  private readonly tardy = new Set<Connection>()
  private probes = 0

  constructor(options: PlacesOptions) {
    this.options = options
    this.sites = options.sites
  }

  get young(): ReadonlySet<Tracked> {
    return this.tracked
  }

  get mayOpen(): boolean {
    return this.used < this.options.limit() && this.options.hasRoom()
  }

  isWaiting(pool: Pool): boolean {
    return this.waiting.has(pool) || this.untried.has(pool) || pool.shape.isWaiting(pool)
  }

  /** `null`: none now; then `pool.wake` is called when there is one. */
  acquire(pool: Pool): Place | null {
    const { options, waiting, untried } = this
    const isTrial = !pool.isProven
    const isProbe = isTrial && pool.wasDown
    if (isTrial && this.isOverTried(isProbe)) {
      // Nobody is to make room for what may not be tried now.
      waiting.delete(pool)
      untried.add(pool)
      options.schedule()
      return null
    }
    untried.delete(pool)
    if (!this.mayOpen || this.isGreedy(pool)) {
      if (!waiting.has(pool)) {
        waiting.add(pool)
        options.schedule()
        askForOne(options.pools.values(), pool)
      }
      return null
    }
    waiting.delete(pool)
    this.used++
    return this.place(isTrial, isProbe)
  }

  /** A second connection for a moment, while one is being opened; `null`: not when places are short. */
  extra(): (() => void) | null {
    const limit = this.options.limit()
    if (!this.mayOpen || this.used >= limit - Math.floor(limit / 4)) return null
    this.used++
    return () => {
      this.used--
      this.wakeOne()
    }
  }

  /** Others wait for a place: nobody keeps one that has nothing to do. */
  isShort(pool: Pool): boolean {
    return pool.shape.isShort(pool) || this.waiting.size - Number(this.waiting.has(pool)) > 0
  }

  /** Others wait for a place, and this pool has more than its share. */
  wanted(pool: Pool, messages: number): boolean {
    if (!this.isShort(pool)) return false
    return pool.size > this.share || messages >= turnMessages
  }

  track(one: Tracked): () => void {
    this.tracked.add(one)
    this.options.schedule()
    return () => {
      this.tracked.delete(one)
      this.options.freed()
    }
  }

  /** Time has passed: a place of the other direction may have come free, of which nobody tells. */
  sweep(now: number): void {
    for (const one of [...this.tracked]) one.sweep(now)
    if (this.waiting.size + this.untried.size > 0) {
      for (const trial of [...this.trials]) if (now - trial.since >= trialMs) trial.end()
    }
    this.hurry()
    if (this.mayOpen) for (const pool of [...this.waiting]) pool.wake(pool.lane)
    // One that may be tried and finds no place waits like the others then, and those that idle make room.
    for (const pool of [...this.untried]) if (!this.isOverTried(pool.wasDown)) pool.wake(pool.lane)
  }

  /** Its host keeps it waiting. */
  slow(connection: Connection): void {
    this.tardy.add(connection)
    this.hurry()
  }

  forgetWaiting(): void {
    this.sites.close()
    this.waiting.clear()
    this.untried.clear()
  }

  /** While others wait, half of all places is enough for hosts that do not answer: the longest silence is ended. */
  private hurry(): void {
    for (const one of this.tardy) if (one.isClosed) this.tardy.delete(one)
    const most = Math.max(1, Math.floor(this.options.limit() / 2))
    for (const one of [...this.tardy]) {
      if (this.waiting.size === 0 || this.tardy.size <= most) return
      this.tardy.delete(one)
      one.close('no answer for a long time, and others waited for the connection')
    }
  }

  private get share(): number {
    return Math.max(1, Math.floor(this.options.limit() / this.options.pools.size))
  }

  /** It has its share, and the places that are left are for those who have none. */
  private isGreedy(pool: Pool): boolean {
    const limit = this.options.limit()
    if (pool.size < this.share || this.options.pools.size < 2) return false
    return this.used >= limit - Math.floor(limit / 4)
  }

  private isOverTried(isProbe: boolean): boolean {
    const limit = this.options.limit()
    if (isProbe && this.probes >= Math.max(1, Math.floor(limit / 4))) return true
    return this.trials.size >= Math.max(1, Math.floor((limit * 3) / 4))
  }

  private place(isTrial: boolean, isProbe: boolean): Place {
    const young = new Set<Tracked>()
    let isOver = false
    const trial: Trial = {
      // Who is probed has its time.
      since: isProbe ? Number.POSITIVE_INFINITY : this.options.clock.now(),
      end() {
        isOver = true
        for (const one of [...young]) one.close()
      },
    }
    if (isTrial) this.trials.add(trial)
    if (isProbe) this.probes++
    const endTrial = (): boolean => {
      if (!this.trials.delete(trial)) return false
      if (isProbe) this.probes--
      return true
    }
    return {
      get isOver() {
        return isOver
      },
      begin: (one) => {
        const forget = this.track(one)
        young.add(one)
        return () => {
          young.delete(one)
          forget()
        }
      },
      proven: () => {
        const [first] = endTrial() ? this.untried : []
        if (first !== undefined) this.rouse(first)
      },
      release: () => {
        endTrial()
        this.used--
        this.wakeOne()
        this.options.freed()
      },
    }
  }

  private wakeOne(): void {
    const [first] = this.waiting
    if (first !== undefined) this.rouse(first)
    const [trial] = this.untried
    if (trial !== undefined && !this.isOverTried(trial.wasDown)) this.rouse(trial)
  }

  /** Not now: the caller is in the middle of something. */
  private rouse(pool: Pool): void {
    this.waiting.delete(pool)
    this.untried.delete(pool)
    pool.wake(pool.lane)
  }
}
