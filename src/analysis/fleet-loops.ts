import type { Bundle } from '../graph/bundle.ts'
import type { Graph } from '../graph/graph.ts'
import { mailboxKey } from '../graph/pattern.ts'
import { type Place, placeFinder } from '../graph/sources.ts'
import type { Mailbox } from '../mail/path.ts'
import type { HostPort } from '../mail/settings.ts'
import { type FleetMember, type Peers, peersOf } from './fleet-peers.ts'
import { type Ends, recipientEnds } from './recipient-ends.ts'
import { representatives } from './representatives.ts'
import { cycleThrough, strongComponents } from './strong-components.ts'

/**
 * Proves that no message goes in circles between the gateways of one repository while some serve the graph before and
 * some the one after. Each hop may be decided by either: a recipient is admitted by one and routed by the other when the
 * swap, or an attempt, falls in between. So a state is a gateway and a recipient; its edges are the union of what both
 * graphs say, and a cycle needs to be impossible in that union, whatever the order of the waves.
 *
 * A recipient is a class: one stands for all that every row of every graph treats alike. What a sender, a size or a DNS
 * list decides is taken as decided in favour of the loop; a recipient whom a graph refuses from everybody ends there.
 */
export type FleetGateway = FleetMember & {
  readonly before: Bundle
  /** What an apply is about to put there; `null`: it stays as it is. */
  readonly after: Bundle | null
}

export type FleetHop = {
  readonly gateway: string
  /** Hash of the graph that sends it on. */
  readonly graph: string
  readonly recipient: string
  readonly nextHop: HostPort
  readonly at: string
  readonly place: Place | null
}

export type FleetProof = {
  /** Recipient classes that were followed. */
  readonly classes: number
  /** A cycle with at least one hop that today's graphs do not have; `null`: proved that there is none. */
  readonly loop: readonly FleetHop[] | null
  /** A cycle of today's graphs alone, which the change leaves; `null`: there is none. */
  readonly loopBefore: readonly FleetHop[] | null
  /** What the proof rests on. */
  readonly assumes: readonly string[]
}

export type FleetEdge = { readonly from: number; readonly to: number; readonly fresh: boolean; readonly hop: FleetHop }

type Version = {
  readonly bundle: Bundle
  readonly ends: Ends
  readonly peers: Peers
  readonly place: (at: string) => Place | null
  readonly isNew: boolean
}

type Walked = { readonly graph: Graph; readonly ends: Ends }

export function proveFleet(gateways: readonly FleetGateway[]): FleetProof {
  // Equal graphs that were read twice are one: a leaf is known by itself, to the walk and to the peers.
  const graphs = new Map<string, Walked>()
  const walkedOf = ({ hash, graph }: Bundle): Walked => {
    if (!graphs.has(hash)) graphs.set(hash, { graph, ends: recipientEnds(graph) })
    return graphs.get(hash)!
  }
  const versions = gateways.map((gateway) => versionsOf(gateway, gateways, walkedOf))
  const all = versions.flat()
  const unseen = all.some(({ bundle }) => bundle.graph.nodes.some(({ kind }) => kind === 'mx'))
  const assumes = unseen ? ['the MX hosts of domains that are routed by mx() are none of these gateways'] : []
  if (!all.some(({ peers }) => peers.any)) return { classes: 0, loop: null, loopBefore: null, assumes }

  const classes = representatives([...new Map(all.map(({ bundle }) => [bundle.hash, bundle.graph])).values()])
  // The others lead from no gateway to another.
  const moving = classes.filter((mailbox) =>
    all.some(
      ({ ends, peers }) =>
        ends.routes(mailbox).some(({ leaf }) => peers.of(leaf).length > 0) || ends.standsForOthers(mailbox),
    ),
  )
  const states = new Map<string, number>()
  const mailboxes: Mailbox[] = []
  const owners: number[] = []
  const stateOf = (gateway: number, mailbox: Mailbox): number => {
    const key = `${gateway} ${mailboxKey(mailbox)}`
    let state = states.get(key)
    if (state === undefined) {
      state = owners.length
      states.set(key, state)
      owners.push(gateway)
      mailboxes.push(mailbox)
    }
    return state
  }
  const known = new Map<number, readonly FleetEdge[]>()
  const edgesOf = (state: number): readonly FleetEdge[] => {
    let edges = known.get(state)
    if (edges === undefined) {
      edges = follow(state, mailboxes[state]!, versions[owners[state]!]!, gateways[owners[state]!]!.name, stateOf)
      known.set(state, edges)
    }
    return edges
  }
  const starts = moving.flatMap((mailbox) => gateways.map((_, i) => stateOf(i, mailbox)))
  let loopBefore: readonly FleetHop[] | null = null
  for (const component of strongComponents(starts, (state) => edgesOf(state).map(({ to }) => to))) {
    const inside = new Set(component)
    const edges = component.flatMap((state) => edgesOf(state)).filter(({ to }) => inside.has(to))
    if (edges.length === 0) continue
    const fresh = edges.find((edge) => edge.fresh)
    const cycle = cycleThrough(fresh ?? edges[0]!, (state) => edgesOf(state).filter(({ to }) => inside.has(to)))
    const hops = cycle.map(({ hop }) => hop)
    if (fresh !== undefined) return { classes: classes.length, loop: hops, loopBefore, assumes }
    loopBefore ??= hops
  }
  return { classes: classes.length, loop: null, loopBefore, assumes }
}

function versionsOf(
  gateway: FleetGateway,
  all: readonly FleetMember[],
  walkedOf: (bundle: Bundle) => Walked,
): readonly Version[] {
  const { before, after } = gateway
  const bundles = after === null || after.hash === before.hash ? [before] : [before, after]
  return bundles.map((bundle) => {
    const { graph, ends } = walkedOf(bundle)
    const peers = peersOf(graph, gateway, all)
    return { bundle, ends, peers, place: placeFinder(bundle.sources), isNew: bundle !== before }
  })
}

/** Where one gateway may send mail of one recipient on to another: whom it stands for by one graph, their routes by any. */
function follow(
  from: number,
  mailbox: Mailbox,
  versions: readonly Version[],
  gateway: string,
  stateOf: (gateway: number, mailbox: Mailbox) => number,
): readonly FleetEdge[] {
  const found = new Map<number, FleetEdge>()
  for (const admitting of versions) {
    for (const final of admitting.ends.finals(mailbox)) {
      for (const routing of versions) {
        const fresh = admitting.isNew || routing.isNew
        for (const { leaf, at } of routing.ends.routes(final)) {
          for (const { peer, nextHop } of routing.peers.of(leaf)) {
            const to = stateOf(peer, final)
            if (found.has(to) && (fresh || !found.get(to)!.fresh)) continue
            const { hash } = routing.bundle
            const hop = { gateway, graph: hash, recipient: final.text, nextHop, at, place: routing.place(at) }
            found.set(to, { from, to, fresh, hop })
          }
        }
      }
    }
  }
  return [...found.values()]
}
