import type { Timer } from '../mail/clock.ts'
import type { OutgoingView } from '../mail/connection-view.ts'
import { type NextHop, nextHopName } from '../mail/next-hop.ts'
import type { DeliveryRate, NextHopSettings } from '../mail/next-hop-settings.ts'
import type { Carrier, Lane } from '../queue/lane.ts'
import { connectionView } from './connection-view.ts'
import type { SmtpCarrierOptions } from './dial.ts'
import { Places } from './places.ts'
import { Pool } from './pool.ts'
import { Shape } from './shape.ts'
import { Sites } from './sites.ts'
import { type FailingSource, Sources } from './source.ts'

/** What the way to one next hop is like now, beside what its lane says. */
export type HopState = {
  /** Of the next hop, without what follows `#`: `mx:dst.example`, `relay:isp`. */
  readonly name: string
  readonly connections: number
  /** As many as there may be now. */
  readonly limit: number
  /** Why that is less than the document says; `null`: it is not. */
  readonly limited: string | null
  readonly rate: DeliveryRate | null
  /** The rate is one for a while, because of a reaction. */
  readonly slowed: { readonly until: number; readonly why: string } | null
  /** Hosts that could not be used lately; they are tried after the others until then. */
  readonly shunned: readonly { readonly host: string; readonly until: number }[]
}

export type SmtpCarrier = Carrier & {
  /** After a new graph: connections that are kept end with the transaction they are in, new ones follow the new rules. */
  retire(): void
  /** Connections now, open or being opened. */
  connections(): number
  /** Those that are open. */
  views(): readonly OutgoingView[]
  hops(): readonly HopState[]
  /** Source addresses that could not be bound lately. */
  sources(): readonly FailingSource[]
  /** Forgets what was learnt of these next hops; gives how many there were. */
  forget(isMeant: (name: string) => boolean): number
}

/** What is remembered of next hops without a pool; strangers choose domains. The oldest are forgotten first. */
const maxShapes = 10_000

/**
 * Delivers lanes over SMTP. Each next hop has a pool of its own; what they share is the number of connections over all
 * (`connectionsOut`, see `Places`).
 */
export function createSmtpCarrier(options: SmtpCarrierOptions): SmtpCarrier {
  const { clock, log } = options
  const pools = new Map<string, Pool>()
  const shapes = new Map<string, Shape>()
  const sources = new Sources(clock, log)
  const { settings, site: rowOf } = options
  const sites = new Sites({ clock, settings, ...(rowOf === undefined ? {} : { rowOf }) })
  let timer: Timer | null = null
  let drained: (() => void)[] = []

  /** One coarse timer over all connections: a time-out may come late by a part of itself, and costs nothing meanwhile. */
  const sweep = () => {
    timer = null
    const now = clock.now()
    places.sweep(now)
    for (const [key, pool] of pools) {
      if (!pool.isEmpty || places.isWaiting(pool)) continue
      pools.delete(key)
      pool.shape.site?.members.delete(pool)
      pool.shape.members.delete(pool)
    }
    for (const [name, shape] of shapes) {
      if (shape.members.size > 0 || !(shapes.size > maxShapes || shape.isBlank(now))) continue
      shape.join(null)
      shapes.delete(name)
    }
    sites.sweep()
    schedule()
  }
  const schedule = () => {
    if (timer !== null) return
    if (places.young.size === 0 && pools.size === 0) {
      // What was learnt may be forgotten in its own time.
      if (shapes.size > 0) timer = clock.setTimeout(sweep, 60_000)
      return
    }
    const { connectMs, greetingMs, replyMs, dataBlockMs, dataDoneMs, idleMs } = options.settings().timeouts
    const shortest = Math.min(connectMs, greetingMs, replyMs, dataBlockMs, dataDoneMs, idleMs)
    timer = clock.setTimeout(sweep, Math.max(10, Math.min(1000, shortest / 4)))
  }
  const rest = () => {
    if (!places.draining || places.young.size > 0 || places.used > 0) return
    timer?.cancel()
    timer = null
    for (const done of drained) done()
    drained = []
  }
  const places: Places = new Places({
    clock,
    limit: () => options.settings().limits.connectionsOut,
    hasRoom: options.hasRoom ?? (() => true),
    pools,
    sites,
    schedule,
    freed: rest,
  })
  const settingsOf = (nextHop: NextHop): NextHopSettings =>
    options.nextHop?.(nextHop) ?? (nextHop.kind === 'relay' ? nextHop.relay : {})
  const shapeOf = ({ nextHop }: Lane): Shape => {
    const name = nextHopName(nextHop.key)
    const known = shapes.get(name)
    const shape = known ?? new Shape(settingsOf(nextHop), clock)
    if (known === undefined) shapes.set(name, shape)
    // The same relay, by another graph.
    else shape.renew(settingsOf(nextHop))
    return shape
  }

  return {
    wake(lane: Lane) {
      if (places.draining) return
      let pool = pools.get(lane.nextHop.key)
      if (pool === undefined) {
        pool = new Pool(lane, options, places, shapeOf(lane), sources)
        pools.set(lane.nextHop.key, pool)
      }
      pool.wake(lane)
    },
    async drain() {
      places.draining = true
      places.forgetWaiting()
      for (const pool of pools.values()) pool.drain()
      for (const one of [...places.young]) one.quit()
      await new Promise<void>((resolve) => {
        drained.push(resolve)
        rest()
      })
    },
    close() {
      places.draining = true
      places.forgetWaiting()
      for (const pool of pools.values()) pool.close()
      for (const one of [...places.young]) one.close()
      timer?.cancel()
      timer = null
    },
    retire() {
      places.generation++
      sources.forget()
      for (const pool of pools.values()) {
        if (pool.nextHop.kind !== 'relay') pool.shape.renew(settingsOf(pool.nextHop))
        pool.retire()
      }
    },
    connections: () => places.used,
    views: () =>
      [...pools.values()].flatMap(({ nextHop, kept }) =>
        [...kept.keys()].map((connection) => connectionView(nextHopName(nextHop.key), connection)),
      ),
    hops: () => [
      ...[...shapes].map(([name, shape]) => stateOf(name, shape, options)),
      ...[...sites.entries()].map(([name, { shape, resting }]) => {
        const state = stateOf(name, shape, options)
        return resting === null ? state : { ...state, limited: resting.why }
      }),
    ],
    sources: () => sources.list(),
    forget(isMeant) {
      let count = 0
      for (const [name, shape] of shapes) {
        if (!isMeant(name)) continue
        shape.reset()
        count++
      }
      for (const [name, site] of sites.entries()) {
        if (!isMeant(name)) continue
        site.reset()
        count++
      }
      sources.forget()
      for (const pool of pools.values()) if (isMeant(nextHopName(pool.nextHop.key))) pool.wake(pool.lane)
      return count
    },
  }
}

function stateOf(name: string, shape: Shape, { settings, clock }: SmtpCarrierOptions): HopState {
  const now = clock.now()
  const { slowed } = shape
  return {
    name,
    connections: shape.open,
    limit: shape.limit(settings(), now),
    limited: shape.ceiling.why,
    rate: shape.rate,
    slowed: slowed === null || slowed.until <= now ? null : { until: slowed.until, why: slowed.why },
    shunned: [...shape.shunned].flatMap(([host, until]) => (until > now ? [{ host, until }] : [])),
  }
}
