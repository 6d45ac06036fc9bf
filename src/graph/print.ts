import type { RelayLogin } from '../mail/relay-login.ts'
import type { Bundle } from './bundle.ts'
import { claimText } from './claim-text.ts'
import { leafText } from './explanation.ts'
import { type Graph, isLeaf, type Node, type NodeId, type Oracle, stages } from './graph.ts'
import { noteText } from './interpret.ts'
import { oracleName, oracleText } from './oracle.ts'
import { type Place, placeFinder } from './sources.ts'

/** Rows of one table that are shown before the rest is counted. */
const shownRows = 20

/**
 * A graph for a person: what it is called, what is in it, and each stage's nodes in the order of their numbers. Large
 * tables are cut. With `places`, rows show where they are written; without them the text depends on the graph alone.
 */
export function printGraph(
  bundle: Bundle,
  options: { readonly places?: boolean; readonly rows?: number } = {},
): string {
  const { graph, hash, sources, meta } = bundle
  const placeOf = options.places === false ? () => null : placeFinder(sources)
  const lines = [
    `graph      ${hash}`,
    ...Object.keys(meta)
      .sort()
      .map((key) => `${key.padEnd(10)} ${meta[key]}`),
    ...controlLines(graph),
    ...claimLines(graph),
    `nodes      ${graph.nodes.length}${countText(graph)}`,
  ]
  for (const stage of stages) {
    const entry = graph.entry[stage]
    const ids = reachable(graph, entry).filter((id) => !isLeaf(graph.nodes[id]!))
    if (ids.length === 0 && graph.nodes[entry]!.kind === 'next') continue
    lines.push('', `${stage}: begins at ${target(graph, entry)}`)
    for (const id of ids) lines.push(...nodeLines(graph, id, placeOf, options.rows ?? shownRows))
  }
  return `${lines.join('\n')}\n`
}

function controlLines({ control }: Graph): string[] {
  const hostPort = ({ host, port }: { host: string; port: number }) =>
    host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  return [
    `hostname   ${control.hostname}`,
    `postmaster ${control.postmaster}`,
    ...control.listeners.map(
      ({ name, kind, bind, maxSizeBytes }) =>
        `listener   ${name}: ${kind} on ${bind.map(hostPort).join(', ')}, up to ${maxSizeBytes} octets`,
    ),
    ...control.relays.map(
      ({ name, hosts, tls, auth }) =>
        `relay      ${name}: ${hosts.map(hostPort).join(', ')}, TLS ${tls}${auth === null ? '' : `, as ${auth.user} with ${loginText(auth)}`}`,
    ),
  ]
}

/** A token is named by who gives it. */
const loginText = (login: RelayLogin): string =>
  'oauth' in login ? `a token of ${login.oauth.tokenUrl}` : login.pass.$secret

const claimLines = ({ claims }: Graph): string[] => claims.prove.map((claim) => `claim      ${claimText(claim)}`)

function countText(graph: Graph): string {
  const counts = new Map<string, number>()
  let rows = 0
  for (const node of graph.nodes) {
    const kind = isLeaf(node) ? 'leaf' : node.kind
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
    if (node.kind === 'table') rows += node.rows.length
  }
  return `: ${[...counts]
    .sort()
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ')}; ${rows} rows`
}

function reachable(graph: Graph, entry: NodeId): NodeId[] {
  const found = new Set([entry])
  // Edges lead forward, and a set is walked in the order of insertion, new members too.
  for (const id of found) {
    const node = graph.nodes[id]!
    if (node.kind === 'table') for (const [, to] of node.rows) found.add(to)
    for (const to of ends(node)) found.add(to)
  }
  return [...found].sort((a, b) => a - b)
}

function ends(node: Node): readonly NodeId[] {
  switch (node.kind) {
    case 'choice':
      return [...node.cases.map(([, to]) => to), node.otherwise]
    case 'table':
      return [node.otherwise]
    case 'compare':
      return [node.over, node.within]
    case 'oracle':
      return [node.outcomes.listed, node.outcomes.clear, node.outcomes.error]
    case 'note':
      return [node.to]
    default:
      return []
  }
}

function nodeLines(graph: Graph, id: NodeId, placeOf: (at: string) => Place | null, limit: number): string[] {
  const node = graph.nodes[id]!
  const to = (next: NodeId) => target(graph, next)
  const where = (at: string) => {
    const place = placeOf(at)
    if (at === '') return ''
    return `  (${at}${place === null ? '' : ` ${place.file}:${place.line}:${place.column}`})`
  }
  const asker =
    !isLeaf(node) && node.kind !== 'oracle' && node.kind !== 'note' && node.at !== undefined ? `  (${node.at})` : ''
  switch (node.kind) {
    case 'choice':
      return [
        `  #${id} ${node.on}${asker}`,
        ...node.cases.map(([name, next]) => `       ${name} -> ${to(next)}`),
        `       otherwise -> ${to(node.otherwise)}`,
      ]
    case 'table': {
      const hidden = node.rows.length - limit
      return [
        `  #${id} ${node.on}, ${node.rows.length === 1 ? '1 row' : `the most specific of ${node.rows.length} rows`}${asker}`,
        ...node.rows.slice(0, limit).map(([pattern, next, at]) => `       ${pattern} -> ${to(next)}${where(at)}`),
        ...(hidden > 0 ? [`       ... and ${hidden} more rows`] : []),
        `       otherwise -> ${to(node.otherwise)}`,
      ]
    }
    case 'compare':
      return [
        `  #${id} ${node.on} over ${node.value}${asker}`,
        `       yes -> ${to(node.over)}`,
        `       no -> ${to(node.within)}`,
      ]
    case 'oracle': {
      const { listed, clear, error } = node.outcomes
      return [
        `  #${id} asks ${asked(node.oracle)}${where(node.at)}`,
        `       listed -> ${to(listed)}`,
        `       clear -> ${to(clear)}`,
        `       error -> ${to(error)}`,
      ]
    }
    case 'note':
      return [`  #${id} ${noteText(node)}${where(node.at)}`, `       -> ${to(node.to)}`]
    default:
      return []
  }
}

const asked = (oracle: Oracle): string =>
  oracle.kind === 'dnsbl'
    ? `dnsbl ${oracle.id}: ${oracle.zone} for ${oracle.codes.join(', ')}`
    : `${oracleName(oracle)}: ${oracleText(oracle)}`

function target(graph: Graph, id: NodeId): string {
  const node = graph.nodes[id]!
  return isLeaf(node) ? leafText(node) : `#${id}`
}
