import type { Graph, Leaf } from '../graph/graph.ts'
import type { HostPort } from '../mail/settings.ts'

/** Who a gateway is to the others. */
export type FleetMember = {
  readonly name: string
  /** Gateways of one machine reach each other over loopback; `null`: a machine of its own. */
  readonly machine: string | null
  /** Names and addresses of it, beside those of its listeners. */
  readonly names: readonly string[]
  /** What its listeners are bound to now: ports that a graph leaves open (0) are known here. */
  readonly sockets: readonly HostPort[]
}

export type Peers = {
  /** False when no leaf of the graph leads to a gateway. */
  readonly any: boolean
  /** The gateways (by index) that this leaf leads to, each with the host that does. */
  of(leaf: Leaf): readonly { readonly peer: number; readonly nextHop: HostPort }[]
}

/** The leaves of a graph that lead to a gateway of the fleet, seen from the gateway that serves it. */
export function peersOf(graph: Graph, self: FleetMember, fleet: readonly FleetMember[]): Peers {
  const hostsOf = (leaf: Leaf): readonly HostPort[] => {
    if (leaf.kind === 'hosts') return leaf.hosts
    return leaf.kind === 'relay' ? (graph.control.relays.find(({ name }) => name === leaf.relay)?.hosts ?? []) : []
  }
  const byLeaf = new Map<Leaf, { peer: number; nextHop: HostPort }[]>()
  for (const node of graph.nodes) {
    if (node.kind !== 'hosts' && node.kind !== 'relay') continue
    const found = hostsOf(node).flatMap((nextHop) =>
      fleet.flatMap((member, peer) => (reaches(nextHop, self, member) ? [{ peer, nextHop }] : [])),
    )
    if (found.length > 0) byLeaf.set(node, found)
  }
  return { any: byLeaf.size > 0, of: (leaf) => byLeaf.get(leaf) ?? [] }
}

/** True when a connection from `from` to this host ends at a listener of `to`, as far as names and addresses tell. */
function reaches({ host, port }: HostPort, from: FleetMember, to: FleetMember): boolean {
  const sockets = to.sockets.filter((socket) => socket.port === port)
  if (sockets.length === 0) return false
  if (isLoopback(host)) {
    const near = from === to || (from.machine !== null && from.machine === to.machine)
    return near && sockets.some((socket) => socket.host === host || isEvery(socket.host) || host === 'localhost')
  }
  const name = host.toLowerCase()
  return to.names.some((own) => own.toLowerCase() === name) || sockets.some((socket) => socket.host === host)
}

const isEvery = (host: string): boolean => host === '0.0.0.0' || host === '::'
const isLoopback = (host: string): boolean =>
  host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
