import type { Destination, DestinationOperations } from '../admin/destination-operations.ts'
import type { Journal } from '../admin/journal.ts'
import type { HopState, SmtpCarrier } from '../egress/smtp-carrier.ts'
import { nextHopTest } from '../graph/next-hop-pattern.ts'
import type { Overlay } from '../graph/overlay.ts'
import type { Log } from '../mail/log.ts'
import { nextHopName } from '../mail/next-hop.ts'
import { mxHostPrefix } from '../mail/next-hop-settings.ts'
import { replyText } from '../mail/reply.ts'
import { wrong } from '../mail/result.ts'
import type { LaneState, Queue } from '../queue/queue.ts'
import type { Overlays } from './overlays.ts'

export type DestinationsParts = {
  readonly queue: Pick<Queue, 'laneStates' | 'resetLanes' | 'paused'>
  readonly smtp: Pick<SmtpCarrier, 'hops' | 'forget'>
  readonly overlays: Pick<Overlays, 'list' | 'add' | 'remove'>
  readonly journal: Pick<Journal, 'write'>
  readonly log: Log
}

type Suspension = Extract<Overlay, { kind: 'hold' }> & { readonly nextHop: string }

/** Next hops as operators see them and steer them. */
export function destinationOperations(parts: DestinationsParts): DestinationOperations {
  const { queue, smtp, overlays, journal, log } = parts
  const suspensions = (): readonly Suspension[] =>
    overlays.list().filter((one): one is Suspension & { held: null } => one.kind === 'hold' && one.nextHop !== null)

  return {
    list: (pattern) => destinations(queue.laneStates(), smtp.hops(), suspensions(), queue.paused, nextHopTest(pattern)),
    async suspend({ pattern, owner, reason, until }, identity) {
      const nextHop = pattern.includes(':') ? pattern : `mx:${pattern}`
      if (pattern.startsWith(mxHostPrefix)) return wrong(`pattern: ${pattern} is no next hop; suspend its domains`)
      if (pattern === '*') return wrong('pattern: expected a next hop or a domain, got all of them')
      return await overlays.add(
        { owner, reason, until, restriction: { kind: 'hold', domain: null, nextHop } },
        identity,
      )
    },
    async resume(pattern, identity) {
      const isMeant = nextHopTest(pattern)
      const ended: Overlay[] = []
      for (const { id, nextHop } of suspensions()) {
        if (nextHop !== pattern && nextHop !== `mx:${pattern}` && !isMeant(nextHop)) continue
        const removed = await overlays.remove(id, identity)
        if (removed !== null) ended.push(removed)
      }
      return ended
    },
    async reset(pattern, { actor }) {
      const test = nextHopTest(pattern)
      const isMeant = (key: string) => !key.startsWith('maildir:') && test(nextHopName(key))
      const names = new Set([
        ...queue.laneStates().flatMap(({ nextHop }) => (isMeant(nextHop) ? [nextHopName(nextHop)] : [])),
        ...smtp.hops().flatMap(({ name }) => (isMeant(name) ? [name] : [])),
      ])
      // First what was learnt: the probe that follows is to have all of its chances.
      smtp.forget(isMeant)
      queue.resetLanes(isMeant)
      log.info('next-hop.reset', { pattern, nextHops: names.size, actor })
      await journal.write({ actor, action: 'destination', result: 'reset', detail: { pattern, nextHops: names.size } })
      return [...names].sort()
    },
  }
}

/** By name: lanes of one next hop (by TLS level, graph or source address) are one to an operator. */
function destinations(
  lanes: readonly LaneState[],
  hops: readonly HopState[],
  suspensions: readonly Suspension[],
  paused: (by: string) => number,
  isMeant: (name: string) => boolean,
): readonly Destination[] {
  const byName = new Map<string, LaneState[]>()
  for (const lane of lanes) {
    if (lane.kind === 'maildir') continue
    const name = nextHopName(lane.nextHop)
    const known = byName.get(name)
    if (known === undefined) byName.set(name, [lane])
    else known.push(lane)
  }
  const hopOf = new Map(hops.map((hop) => [hop.name, hop]))
  const tests = suspensions.map((one) => ({ one, isMeant: nextHopTest(one.nextHop) }))
  // A suspension stands in the list also when nothing waits for it.
  const names = new Set([...byName.keys(), ...hopOf.keys(), ...suspensions.map(({ nextHop }) => nextHop)])
  return [...names]
    .filter((name) => isMeant(name))
    .sort()
    .map((name) => {
      const suspension = tests.find(({ one, isMeant: holds }) => one.nextHop === name || holds(name))?.one
      return destination(name, byName.get(name) ?? [], hopOf.get(name), suspension, paused)
    })
}

const rank = { up: 0, probing: 1, 'back-off': 2 } as const

function destination(
  name: string,
  lanes: readonly LaneState[],
  hop: HopState | undefined,
  suspension: Suspension | undefined,
  paused: (by: string) => number,
): Destination {
  const worst = [...lanes].sort((a, b) => rank[b.state] - rank[a.state])[0]
  const sum = (of: (lane: LaneState) => number) => lanes.reduce((total, lane) => total + of(lane), 0)
  const reply = worst?.reply ?? null
  return {
    name,
    state: suspension === undefined ? (worst?.state ?? 'up') : 'suspended',
    reason: suspension === undefined ? (worst?.why ?? null) : `${suspension.reason} (${suspension.owner})`,
    since: suspension?.since ?? worst?.since ?? null,
    until: suspension?.until ?? worst?.until ?? null,
    lastReply: reply === null ? null : replyText(reply),
    failures: worst?.failures ?? 0,
    waiting: sum(({ waiting }) => waiting),
    active: sum(({ active }) => active),
    // Of a pattern that holds several, all are told with the pattern's own row.
    held: suspension?.nextHop === name ? paused(suspension.id) : 0,
    connections: hop?.connections ?? 0,
    limit: hop?.limit ?? null,
    limited: hop?.limited ?? null,
    rate: hop?.rate ?? null,
    slowed: hop?.slowed ?? null,
    shunned: hop?.shunned ?? [],
  }
}
