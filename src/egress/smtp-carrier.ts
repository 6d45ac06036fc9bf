import type { Timer } from '../mail/clock.ts'
import type { Carrier, Lane } from '../queue/lane.ts'
import type { SmtpCarrierOptions, Tracked } from './dial.ts'
import { type Places, Pool } from './pool.ts'

export type SmtpCarrier = Carrier & {
  /** After a new graph: connections that are kept end with the transaction they are in, new ones follow the new rules. */
  retire(): void
  /** Connections now, open or being opened. */
  connections(): number
}

/** Messages after which a connection makes room when others wait for a place. */
const turnMessages = 50

/**
 * Delivers lanes over SMTP. Each next hop has a pool of its own; what they share is the number of connections over all
 * (`connectionsOut`), handed out in the order of asking.
 */
export function createSmtpCarrier(options: SmtpCarrierOptions): SmtpCarrier {
  const { clock } = options
  const pools = new Map<string, Pool>()
  const tracked = new Set<Tracked>()
  const waiting = new Set<Pool>()
  let used = 0
  let timer: Timer | null = null
  let draining = false
  let generation = 0
  let drained: (() => void)[] = []

  /** One coarse timer over all connections: a time-out may come late by a part of itself, and costs nothing meanwhile. */
  const sweep = () => {
    timer = null
    const now = clock.now()
    for (const one of [...tracked]) one.sweep(now)
    for (const [key, pool] of pools) if (pool.isEmpty(now) && !waiting.has(pool)) pools.delete(key)
    // A place of the other direction may have come free, of which nobody tells.
    if (mayOpen()) for (const pool of [...waiting]) pool.wake(pool.lane)
    schedule()
  }
  const schedule = () => {
    if (timer !== null || (tracked.size === 0 && pools.size === 0)) return
    const { connectMs, greetingMs, replyMs, dataBlockMs, dataDoneMs, idleMs } = options.settings().timeouts
    const shortest = Math.min(connectMs, greetingMs, replyMs, dataBlockMs, dataDoneMs, idleMs)
    timer = clock.setTimeout(sweep, Math.max(10, Math.min(1000, shortest / 4)))
  }
  const rest = () => {
    if (!draining || tracked.size > 0 || used > 0) return
    timer?.cancel()
    timer = null
    for (const done of drained) done()
    drained = []
  }

  const mayOpen = () => used < options.settings().limits.connectionsOut && (options.hasRoom?.() ?? true)

  const places: Places = {
    get draining() {
      return draining
    },
    get generation() {
      return generation
    },
    acquire(pool) {
      if (mayOpen()) {
        used++
        waiting.delete(pool)
        return true
      }
      if (!waiting.has(pool)) {
        waiting.add(pool)
        schedule()
        for (const other of pools.values()) {
          if (other === pool || !other.hasFree) continue
          other.yieldOne()
          break
        }
      }
      return false
    },
    release() {
      used--
      const [first] = waiting
      if (first !== undefined) {
        waiting.delete(first)
        // Not now: the caller is in the middle of something.
        first.wake(first.lane)
      }
      rest()
    },
    wanted(pool, messages) {
      if (waiting.size - Number(waiting.has(pool)) === 0) return false
      const share = Math.max(1, Math.floor(options.settings().limits.connectionsOut / pools.size))
      return pool.size > share || messages >= turnMessages
    },
    track(one) {
      tracked.add(one)
      schedule()
      return () => {
        tracked.delete(one)
        rest()
      }
    },
  }

  return {
    wake(lane: Lane) {
      if (draining) return
      let pool = pools.get(lane.nextHop.key)
      if (pool === undefined) {
        pool = new Pool(lane, options, places)
        pools.set(lane.nextHop.key, pool)
      }
      pool.wake(lane)
    },
    async drain() {
      draining = true
      waiting.clear()
      for (const pool of pools.values()) pool.drain()
      for (const one of [...tracked]) one.quit()
      await new Promise<void>((resolve) => {
        drained.push(resolve)
        rest()
      })
    },
    close() {
      draining = true
      waiting.clear()
      for (const pool of pools.values()) pool.close()
      for (const one of [...tracked]) one.close()
      timer?.cancel()
      timer = null
    },
    retire() {
      generation++
      for (const pool of pools.values()) pool.retire()
    },
    connections: () => used,
  }
}
