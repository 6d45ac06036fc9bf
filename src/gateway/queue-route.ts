import { resolve } from 'node:path'
import { blockOf, contains } from '../graph/network.ts'
import { queuedFacts, routeOf } from '../graph/route-of.ts'
import { viaRelay } from '../graph/via-relay.ts'
import type { TlsNeed } from '../mail/envelope.ts'
import { type IpAddress, ipBytes } from '../mail/ip.ts'
import type { NextHop, Route } from '../mail/next-hop.ts'
import type { Mailbox } from '../mail/path.ts'
import type { QueueEntry } from '../queue/entry.ts'
import type { Ruling } from '../queue/listing.ts'
import type { Pause } from '../queue/pauses.ts'
import { byHintedPool } from './hinted-route.ts'
import type { Live } from './live.ts'
import type { Overlays } from './overlays.ts'
import { fromOwnSource } from './own-source.ts'

/** What the queue asks of the active graph. */
export type QueueRoute = {
  /** Where the recipient goes now, or what it waits for; `via`: a relay that an operator chose for it. */
  route(mailbox: Mailbox, entry: QueueEntry, via: string | null): Route | Pause
  /** The same without holds and trials: what the graph says, for operators to see. */
  way(mailbox: Mailbox, entry: QueueEntry, via: string | null): Route
  /** Why a recipient may not go by a relay that an operator names; `null`: it may. */
  whyNotVia(mailbox: Mailbox, entry: QueueEntry, relay: string): string | null
  /** The row that decides, with its place in the document. */
  ruling(mailbox: Mailbox, entry: QueueEntry): Ruling
}

export type QueueRouteParts = {
  readonly stateDir: string
  readonly live: () => Live
  readonly overlays: Pick<Overlays, 'route'>
  /** Whether the recipient waits for the end of a trial. */
  readonly pauses: (mailbox: Mailbox, entry: QueueEntry) => boolean
}

/** Names in the queue what waits for the end of a trial. */
export const trialPause = 'apply'

const untilConfirmed: Pause = {
  kind: 'pause',
  by: trialPause,
  why: 'its route differs until the apply is confirmed',
  until: null,
}

export function queueRoute({ stateDir, live, overlays, pauses }: QueueRouteParts): QueueRoute {
  const way: QueueRoute['way'] = (mailbox, entry, via) => {
    const { evaluator, control } = live()
    const route = routeOf(evaluator, mailbox, queuedFacts(evaluator, entry))
    const found = mailboxesIn(stateDir, via === null ? route : viaRelay(route, via, control).route)
    const needed = entry.tlsNeed === undefined ? found : withNeed(found, entry)
    return fromOwnSource(entry.hints === undefined ? needed : byHintedPool(needed, entry, control), entry, control)
  }
  return {
    way,
    route: (mailbox, entry, via) =>
      pauses(mailbox, entry) ? untilConfirmed : overlays.route(mailbox, way(mailbox, entry, via)),
    whyNotVia: (mailbox, entry, relay) => viaRelay(way(mailbox, entry, null), relay, live().control).why,
    ruling(mailbox, entry) {
      const { evaluator } = live()
      routeOf(evaluator, mailbox, queuedFacts(evaluator, entry))
      return evaluator.winner()
    },
  }
}

// By next hop, as below.
const needing = new WeakMap<NextHop, Map<TlsNeed, NextHop>>()

/**
 * Mail that says something of TLS itself has connections of its own: a next hop of its own. A notification goes without
 * REQUIRETLS where the host does not know it, rather than nowhere (RFC 8689 §4.3).
 */
function withNeed(route: Route, { tlsNeed, envelope }: QueueEntry): Route {
  if (route.kind !== 'next-hop' || route.nextHop.kind === 'maildir' || tlsNeed === undefined) return route
  if (tlsNeed === 'required' && envelope.from === null) return route
  let known = needing.get(route.nextHop)
  if (known === undefined) {
    known = new Map()
    needing.set(route.nextHop, known)
  }
  let nextHop = known.get(tlsNeed)
  if (nextHop === undefined) {
    const mark = tlsNeed === 'required' ? 'requiretls' : 'tls-optional'
    nextHop = { ...route.nextHop, key: `${route.nextHop.key}#${mark}`, tlsNeed }
    known.set(tlsNeed, nextHop)
  }
  return { ...route, nextHop }
}

// By next hop, which a route hands out again and again.
const placed = new WeakMap<NextHop, NextHop>()

/** A graph names mailboxes relative to the state folder, which only a gateway knows. */
function mailboxesIn(stateDir: string, route: Route): Route {
  if (route.kind !== 'next-hop' || route.nextHop.kind !== 'maildir') return route
  let nextHop = placed.get(route.nextHop)
  if (nextHop === undefined) {
    nextHop = { ...route.nextHop, dir: resolve(stateDir, route.nextHop.dir) }
    placed.set(route.nextHop, nextHop)
  }
  return { ...route, nextHop }
}

/** Whether an address is in a network. @throws Error for what is no network */
export const isInNetwork = (network: string, address: string): boolean =>
  contains(blockOf(network), ipBytes(address as IpAddress))
