import type { Bundle } from '../graph/bundle.ts'
import type { Leaf } from '../graph/graph.ts'
import { type FleetHop, proveFleet } from './fleet-loops.ts'
import { type FleetMember, peersOf } from './fleet-peers.ts'
import type { Finding, Found } from './proof.ts'
import { question } from './prove-question.ts'
import { spaceOf } from './prove-space.ts'
import { refuses, walk } from './prove-walk.ts'
import { findingAt, type Subject, witnessOf } from './prove-witness.ts'

/** A gateway of the repository, as those that send to it call it. */
export type Neighbour = FleetMember & { readonly bundle: Bundle }

/** A graph as the others reach it: by the names and sockets of its listeners. */
export function memberOfFleet(name: string, bundle: Bundle, names: readonly string[] = []): Neighbour {
  const { hostname, listeners } = bundle.graph.control
  return {
    name,
    machine: name,
    names: [...new Set([hostname, ...listeners.map((listener) => listener.hostname), ...names])],
    sockets: listeners.flatMap(({ bind }) => bind),
    bundle,
  }
}

/**
 * No mail comes back: no alias leads to itself (an expansion names mailboxes that are not expanded again, whatever it was
 * made of), no route leads to a listener of this gateway, and none round through the other gateways that are known.
 */
export function noLoops(subject: Subject, neighbours: readonly Neighbour[]): Found {
  const { bundle } = subject
  const self = memberOfFleet('this gateway', bundle)
  const own = ownRoute(subject, self)
  if (own !== null) return own
  const fleet = [self, ...neighbours].map((member) => ({ ...member, before: member.bundle, after: null }))
  const { loopBefore, assumes } = proveFleet(fleet)
  if (loopBefore === null) {
    const outside = leavesTo(bundle, neighbours)
    return {
      verdict: assumes.length + outside.length === 0 ? 'PROVED' : 'PROVED-IF',
      reason: 'no alias, route or known gateway leads mail back to where it was',
      assumes: [...assumes, ...outside],
    }
  }
  const way = loopBefore.map(({ gateway, nextHop }) => `${gateway} -> ${nextHop.host}:${nextHop.port}`).join(', ')
  const findings = loopBefore.flatMap((hop): Finding[] => (hop.graph === bundle.hash ? [findingOf(subject, hop)] : []))
  return { verdict: 'VIOLATED', reason: `mail for ${loopBefore[0]!.recipient} goes round: ${way}`, findings }
}

const findingOf = (subject: Subject, { at, nextHop }: FleetHop): Finding =>
  findingAt(subject, at, `leads to ${nextHop.host}:${nextHop.port}, from where the mail comes back`)

/** A route to one of our own listeners is a loop, or a refusal that the sender cannot understand. */
function ownRoute(subject: Subject, self: FleetMember): Found | null {
  const { graph } = subject.bundle
  const peers = peersOf(graph, self, [self])
  if (!peers.any) return null
  const meaning = (leaf: Leaf): string =>
    leaf.kind === 'refuse' ? refuses : peers.of(leaf).length > 0 ? 'to ourselves' : 'elsewhere'
  const space = spaceOf(question(graph, meaning))
  const found: Found[] = []
  walk(space, space.everything, {
    ending(region, ending) {
      if (found.length > 0 || ending.kind === 'refused' || !ending.values.includes('to ourselves')) return
      const witness = witnessOf(subject, space, region, ({ behaviour }) => behaviour.kind === 'accepted')
      const reason = `mail for ${witness.message.recipient} is sent to a listener of this gateway`
      found.push({ verdict: 'VIOLATED', reason, witness })
    },
  })
  if (found[0] !== undefined) return found[0]
  const leaf = graph.nodes.find((node): node is Leaf => peers.of(node as Leaf).length > 0)!
  const { nextHop } = peers.of(leaf)[0]!
  const reason = `notifications may be sent to ${nextHop.host}:${nextHop.port}, a listener of this gateway`
  return { verdict: 'VIOLATED', reason, findings: [findingAt(subject, leaf.at ?? 'localMx', reason)] }
}

/** What lies outside of the repository is taken on trust. */
function leavesTo({ graph }: Bundle, neighbours: readonly Neighbour[]): string[] {
  const known = new Set(neighbours.flatMap(({ names, sockets }) => [...names, ...sockets.map(({ host }) => host)]))
  const hosts = new Set<string>()
  for (const node of graph.nodes) if (node.kind === 'hosts') for (const { host } of node.hosts) hosts.add(host)
  for (const { hosts: some } of graph.control.relays) for (const { host } of some) hosts.add(host)
  const strange = [...hosts].filter((host) => !known.has(host)).sort()
  if (strange.length === 0) return []
  const names =
    strange.length > 3 ? `${strange.slice(0, 3).join(', ')} and ${strange.length - 3} more` : strange.join(', ')
  return [`hosts that are not in this repository (${names}) do not send mail back`]
}
