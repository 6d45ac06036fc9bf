import { createHash } from 'node:crypto'
import { hostText } from '../../../analysis/suite-words.ts'
import type { Control } from '../../../graph/control.ts'
import type { Line } from '../../../graph/evaluator.ts'
import type { Graph, Leaf, Node, Outcome, Table } from '../../../graph/graph.ts'
import { certificateRank, loginRank } from '../../../graph/name-rank.ts'
import { contains, parseBlock } from '../../../graph/network.ts'
import { oracleName, takenToSay } from '../../../graph/oracle.ts'
import { byCodeUnits } from '../../../graph/pattern.ts'
import { pruned } from '../../../graph/renumber.ts'
import { type IpAddress, ipBytes } from '../../../mail/ip.ts'
import type { HostPort } from '../../../mail/settings.ts'

/**
 * One submission: the client that a case names with what it says of the line, the loopback address that stands for both,
 * and what oracles answer it. HELO is said in earnest.
 */
export type Source = Readonly<Omit<Line, 'helo'>> & {
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
 * What is asked of TLS, logins and certificates is such a table too: of who stands for whom, nobody has to log in. Left
 * out are what a stub cannot do: TLS and login at relays, rules on the address that a delivery connects to, and the remote
 * admin API.
 */
export function labGraph(graph: Graph, sources: readonly Source[], stubs: Stubs): Graph {
  const nodes = graph.nodes.map((node) => labNode(node, sources, stubs))
  const next = nodes.findIndex((node) => node.kind === 'next')
  if (next < 0) throw new Error('a graph without a leaf that passes')
  // A gateway takes no graph with nodes that no stage reaches, such as what follows from an answer that nobody assumed.
  const entry = { ...graph.entry, auth: next, destination: next }
  return pruned({ ...graph, nodes, entry, control: labControl(graph.control, stubs) })
}

function labNode(node: Node, sources: readonly Source[], stubs: Stubs): Node {
  switch (node.kind) {
    case 'table':
      if (node.on === 'client') return { ...node, rows: clientRows(node, sources) }
      return node.on === 'login' || node.on === 'certificate' ? named(node, node.on, sources) : node
    case 'choice': {
      if (node.on !== 'tls') return node
      const encrypted = node.cases[0]?.[1] ?? node.otherwise
      const rows = sources.filter(({ tls }) => tls).map(({ address }) => [`${address}/32`, encrypted, ''] as const)
      return { kind: 'table', on: 'client', rows: sorted(rows), otherwise: node.otherwise }
    }
    case 'oracle': {
      const { oracle, outcomes, at } = node
      const name = oracleName(oracle)
      const rows = sources.map(({ address, answers }) => {
        const outcome = answers.get(name) ?? takenToSay(name) ?? 'error'
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

/** Each source by the row that its login or certificate matches. */
function named({ rows, otherwise, at }: Table, on: 'login' | 'certificate', sources: readonly Source[]): Table {
  const rankOf = on === 'login' ? loginRank : certificateRank
  const found = sources.flatMap((source): Row[] => {
    const name = source[on]
    if (name === null) return []
    const ranked = rows.map((row) => ({ row, rank: rankOf(row[0], name) })).filter(({ rank }) => rank >= 0)
    const best = ranked.sort((a, b) => b.rank - a.rank)[0]?.row
    return best === undefined ? [] : [[`${source.address}/32`, best[1], best[2]]]
  })
  return { kind: 'table', on: 'client', rows: sorted(found), otherwise, ...(at === undefined ? {} : { at }) }
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

function labControl(
  { admin: _admin, certificates: _certificates, credentials: _credentials, bans: _bans, ...control }: Control,
  stubs: Stubs,
): Control {
  const { connections: _all, commandsPerMinute: _commands, ...limits } = control.limits
  return {
    ...control,
    // Of a listener what decides and what is said, not who may stand behind which balancer, nor how long it waits.
    listeners: control.listeners.map(
      ({ tls: _tls, login: _login, proxy: _proxy, xclient: _xclient, greetingDelayMs: _delay, ...listener }) => ({
        ...listener,
        bind: [{ host: '127.0.0.1', port: 0 }],
      }),
    ),
    relays: control.relays.map(({ implicitTls: _implicit, ...relay }) => ({
      ...relay,
      hosts: [{ host: '127.0.0.1', port: stubs.portOf(relayTarget(relay.name)) }],
      tls: 'off',
      auth: null,
    })),
    // Cases are submitted at the same time; who may open how many sessions is not what they are about.
    limits: { ...limits, sessions: Math.max(limits.sessions, 1000) },
    resolver: { servers: [stubs.resolver], timeoutMs: 5_000, attempts: 2 },
    mxPort: stubs.mxPort,
  }
}
