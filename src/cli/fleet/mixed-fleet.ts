import { type FleetGateway, type FleetHop, type FleetProof, proveFleet } from '../../analysis/fleet-loops.ts'
import type { Bundle } from '../../graph/bundle.ts'
import { type Member, machineOf, socketOf } from './members.ts'

/**
 * Proves for the whole fleet, those gateways too that are not changed now, that no mail goes in circles while some serve
 * the graph before and some the one after. A gateway that does not answer is left out, and the proof says so.
 */
export function proveMixedFleet(
  members: readonly Member[],
  changed: ReadonlySet<string>,
  active: ReadonlyMap<string, Bundle>,
  next: Bundle,
): FleetProof {
  const known: FleetGateway[] = []
  const assumes: string[] = []
  for (const { name, entry, status } of members) {
    const before = status.kind === 'ok' ? active.get(status.value.graph) : undefined
    if (status.kind !== 'ok' || before === undefined) {
      assumes.push(`${name}, which could not be asked, sends nothing back to the others`)
      continue
    }
    const after = changed.has(name) ? next : null
    const graphs = after === null ? [before] : [before, after]
    known.push({
      name,
      machine: machineOf(entry),
      names: [...entry.addresses, ...reachNames(entry), ...graphs.flatMap(namesIn)],
      sockets: [
        ...status.value.listeners.flatMap(({ addresses }) => addresses.map(socketOf)),
        ...graphs.flatMap(({ graph }) => graph.control.listeners.flatMap(({ bind }) => bind)),
      ],
      before,
      after,
    })
  }
  const proof = proveFleet(known.map((gateway) => ({ ...gateway, names: ownNames(gateway, known) })))
  return { ...proof, assumes: [...proof.assumes, ...assumes] }
}

const namesIn = ({ graph: { control } }: Bundle): readonly string[] => [
  control.hostname,
  ...control.listeners.map(({ hostname }) => hostname),
]

/** A name that two gateways have (`hostname`, where one document serves all) tells none of them from the others. */
const ownNames = (gateway: FleetGateway, all: readonly FleetGateway[]): readonly string[] =>
  [...new Set(gateway.names)].filter((name) => all.every((other) => other === gateway || !other.names.includes(name)))

const reachNames = ({ reach }: Member['entry']): readonly string[] => (reach.kind === 'unix' ? [] : [reach.host])

/** One line a hop. */
export function loopText(hops: readonly FleetHop[]): string {
  return hops
    .map(({ gateway, graph, recipient, nextHop, at, place }) => {
      const where = place === null ? at : `${at}, ${place.file}:${place.line}:${place.column}`
      return `  ${gateway} sends mail for ${recipient} to ${nextHop.host}:${nextHop.port} (${where}; graph ${graph.slice(0, 11)})`
    })
    .join('\n')
}
