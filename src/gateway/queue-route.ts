import { resolve } from 'node:path'
import { noFacts, routeOf } from '../graph/route-of.ts'
import { viaRelay } from '../graph/via-relay.ts'
import type { NextHop, Route } from '../mail/next-hop.ts'
import type { Mailbox } from '../mail/path.ts'
import type { QueueEntry } from '../queue/entry.ts'
import type { Ruling } from '../queue/listing.ts'
import type { Pause } from '../queue/pauses.ts'
import type { Live } from './live.ts'
import type { Overlays } from './overlays.ts'

/** What the queue asks of the active graph. */
export type QueueRoute = {
  /** Where the recipient goes now, or what it waits for; `via`: a relay that an operator chose for it. */
  route(mailbox: Mailbox, entry: QueueEntry, via: string | null): Route | Pause
  /** The same without holds and trials: what the graph says, for operators to see. */
  way(mailbox: Mailbox, entry: QueueEntry, via: string | null): Route
  /** The row that decides, with its place in the document. */
  ruling(mailbox: Mailbox, entry: QueueEntry): Ruling
}

export type QueueRouteParts = {
  readonly stateDir: string
  readonly live: () => Live
  readonly overlays: Pick<Overlays, 'route'>
  /** Whether the recipient waits for the end of a trial. */
  readonly pauses: (mailbox: Mailbox) => boolean
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
  const way: QueueRoute['way'] = (mailbox, _entry, via) => {
    const { evaluator, control } = live()
    const route = routeOf(evaluator, mailbox)
    return mailboxesIn(stateDir, via === null ? route : viaRelay(route, via, control).route)
  }
  return {
    way,
    route: (mailbox, entry, via) =>
      pauses(mailbox) ? untilConfirmed : overlays.route(mailbox, way(mailbox, entry, via)),
    ruling(mailbox) {
      const { evaluator } = live()
      routeOf(evaluator, mailbox, noFacts())
      return evaluator.winner()
    },
  }
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
