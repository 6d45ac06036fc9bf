import { createHash } from 'node:crypto'
import { hostText } from '../../../analysis/suite-words.ts'
import type { Control } from '../../../graph/control.ts'
import { edgesOf, type Graph, type Leaf, type Node, type Outcome, type Table } from '../../../graph/graph.ts'
import { contains, parseBlock } from '../../../graph/network.ts'
import { byCodeUnits } from '../../../graph/pattern.ts'
import { type IpAddress, ipBytes } from '../../../mail/ip.ts'
import type { HostPort } from '../../../mail/settings.ts'

/** One submission: the client that a case names, the loopback address that stands for it, and what oracles answer it. */
export type Source = {
  readonly client: IpAddress
  readonly address: string
  readonly answers: ReadonlyMap<string, Outcome>
}

/** Where the stubs of a lab listen. A target that has none goes to the one for all others. */
export type Stubs = {
  readonly portOf: (target: string) => number
  readonly mxPort: number
  readonly resolver: HostPort
}

export const relayTarget = (name: string): string => `relay ${name}`
export const hostsTarget = (hosts: readonly HostPort[]): string => `hosts ${hosts.map(hostText).join(',')}`
export const mxTarget = 'mx'

/** The maildir folder of a lab for a folder of the document, which may be any on the machine. */
export const labFolder = (dir: string): string => `boxes/${createHash('sha256').update(dir).digest('hex').slice(0, 16)}`

/**
 * A graph that decides of each source as the given one decides of its client, and whose next hops are stubs on loopback.
 * Decisions are kept exactly: in each table of clients a source has a row of its own, one address wide, that leads where
 * its client is led; an oracle is a table of the answers that were assumed, as DNS lists are never asked about loopback.
 * Left out are what a stub cannot do: TLS and login at relays, rules on the address that a delivery connects to, and the
 * remote admin API.
 */
export function labGraph(graph: Graph, sources: readonly Source[], stubs: Stubs): Graph {
  const nodes = graph.nodes.map((node) => labNode(node, sources, stubs))
  const next = nodes.findIndex((node) => node.kind === 'next')
  if (next < 0) throw new Error('a graph without a leaf that passes')
  const entry = { ...graph.entry, destination: next }
  return { ...graph, ...withoutUnreached(nodes, entry), control: labControl(graph.control, stubs) }
}

/** A gateway takes no graph with nodes that no stage reaches, such as what follows from an answer that nobody assumed. */
function withoutUnreached(nodes: readonly Node[], entry: Graph['entry']): Pick<Graph, 'nodes' | 'entry'> {
  const reached = new Set<number>(Object.values(entry))
  // Edges lead to higher numbers only.
  for (const [id, node] of nodes.entries()) if (reached.has(id)) for (const to of edgesOf(node)) reached.add(to)
  const numbers = new Map([...reached].sort((a, b) => a - b).map((id, number) => [id, number]))
  const to = (id: number): number => numbers.get(id)!
  const kept = nodes.filter((_, id) => reached.has(id)).map((node) => renumbered(node, to))
  return { nodes: kept, entry: mapValues(entry, to) }
}

const mapValues = (entry: Graph['entry'], to: (id: number) => number): Graph['entry'] =>
  Object.fromEntries(Object.entries(entry).map(([stage, id]) => [stage, to(id)])) as Graph['entry']

function renumbered(node: Node, to: (id: number) => number): Node {
  switch (node.kind) {
    case 'choice':
      return { ...node, cases: node.cases.map(([name, id]) => [name, to(id)] as const), otherwise: to(node.otherwise) }
    case 'table': {
      const rows = node.rows.map(([pattern, id, at]) => [pattern, to(id), at] as const)
      return { ...node, rows, otherwise: to(node.otherwise) }
    }
    case 'compare':
      return { ...node, over: to(node.over), within: to(node.within) }
    case 'oracle':
      throw new Error('a lab asks no oracle')
    default:
      return node
  }
}

function labNode(node: Node, sources: readonly Source[], stubs: Stubs): Node {
  switch (node.kind) {
    case 'table':
      return node.on === 'client' ? { ...node, rows: clientRows(node, sources) } : node
    case 'oracle': {
      const { oracle, outcomes, at } = node
      const name = `${oracle.kind}.${oracle.id}`
      const rows = sources.map(({ address, answers }) => {
        const outcome = answers.get(name) ?? 'error'
        return [`${address}/32`, outcomes[outcome], at] as const
      })
      return { kind: 'table', on: 'client', rows: sorted(rows), otherwise: outcomes.error, at }
    }
    case 'hosts':
      return { ...node, hosts: [{ host: '127.0.0.1', port: stubs.portOf(hostsTarget(node.hosts)) }] }
    case 'mx':
      return { ...node, tls: 'off' }
    case 'deliver':
      return { ...node, dir: labFolder(node.dir) } satisfies Leaf
    default:
      return node
  }
}

type Row = Table['rows'][number]

function clientRows({ rows, otherwise }: Table, sources: readonly Source[]): readonly Row[] {
  const own = new Set(sources.map(({ address }) => `${address}/32`))
  const blocks = rows.map((row) => ({ row, block: parseBlock(row[0])! }))
  const added = sources.map(({ client, address }): Row => {
    const bytes = ipBytes(client)
    const best = blocks
      .filter(({ block }) => contains(block, bytes))
      .reduce<(typeof blocks)[number] | null>((a, b) => (a === null || b.block.bits > a.block.bits ? b : a), null)
    return [`${address}/32`, best?.row[1] ?? otherwise, best?.row[2] ?? '']
  })
  return sorted([...rows.filter(([network]) => !own.has(network)), ...added])
}

const sorted = (rows: readonly Row[]): readonly Row[] => [...rows].sort(([a], [b]) => byCodeUnits(a, b))

function labControl({ admin: _, ...control }: Control, stubs: Stubs): Control {
  return {
    ...control,
    listeners: control.listeners.map((listener) => ({ ...listener, bind: [{ host: '127.0.0.1', port: 0 }] })),
    relays: control.relays.map((relay) => ({
      ...relay,
      hosts: [{ host: '127.0.0.1', port: stubs.portOf(relayTarget(relay.name)) }],
      tls: 'off',
      auth: null,
    })),
    // Cases are submitted at the same time; who may open how many sessions is not what they are about.
    limits: { ...control.limits, sessions: Math.max(control.limits.sessions, 1000) },
    resolver: { servers: [stubs.resolver], timeoutMs: 5_000, attempts: 2 },
    mxPort: stubs.mxPort,
  }
}
