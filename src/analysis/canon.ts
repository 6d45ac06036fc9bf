import { type RouteText, routeKey, routeText } from '../graph/behaviour.ts'
import type { Control } from '../graph/control.ts'
import { oracleName } from '../graph/explanation.ts'
import {
  type Choice,
  edgesOf,
  type Graph,
  isLeaf,
  type Leaf,
  markOf,
  type Node,
  type NodeId,
  type Table,
} from '../graph/graph.ts'
import { mailboxKey } from '../graph/pattern.ts'
import { hostPort, routeOf } from '../graph/route-of.ts'
import { type Mailbox, parseMailbox } from '../mail/path.ts'
import type { HostPort } from '../mail/settings.ts'

/**
 * Number of a node in a `Canon`. Equal nodes have one number, in whichever graph they stand, and every edge leads to a
 * lower one.
 */
export type CanonId = number

/** Nodes without their positions; leaves by what they mean with the control section of their graph. */
export type CanonNode =
  | {
      readonly kind: 'choice'
      readonly on: Choice['on']
      readonly cases: ReadonlyMap<string, CanonId>
      readonly otherwise: CanonId
    }
  | CanonTable
  | {
      readonly kind: 'compare'
      readonly on: 'size' | 'hops'
      readonly value: number
      readonly over: CanonId
      readonly within: CanonId
    }
  | {
      readonly kind: 'oracle'
      readonly name: string
      readonly listed: CanonId
      readonly clear: CanonId
      readonly error: CanonId
    }
  /** Of notes those that mark a message; what would have been refused decides nothing. */
  | { readonly kind: 'tag'; readonly tag: string; readonly to: CanonId }
  | CanonLeaf

export type CanonTable = {
  readonly kind: 'table'
  readonly on: Table['on']
  readonly rows: readonly (readonly [pattern: string, ...rest: unknown[]])[]
  /** Of each row, where it leads. */
  readonly labels: Int32Array
  readonly otherwise: CanonId
}

export type CanonLeaf = { readonly kind: 'leaf' } & (
  | { readonly is: 'next' }
  | { readonly is: 'refuse'; readonly code: number; readonly status: string; readonly text: string }
  | { readonly is: 'expand'; readonly to: readonly { readonly key: string; readonly mailbox: Mailbox }[] }
  /** `way` is the route's name: equal ways have one, and no others. */
  | { readonly is: 'route'; readonly way: string; readonly route: RouteText }
  /** A route to these hosts: of these a graph has as many as rows, so no words are made of them before they are asked for. */
  | { readonly is: 'hosts'; readonly hosts: readonly HostPort[] }
  /** Whether a message lies in a set (`set.ts`). */
  | { readonly is: 'member'; readonly value: boolean }
)

/** Takes nodes of any number of graphs in, equal ones once. What does not decide anything is left out. */
export type Canon = {
  readonly nodes: readonly CanonNode[]
  /** Of each node of the graph its number here; with `from`, of those only that it leads to. */
  add(graph: Graph, from?: NodeId): Int32Array
  leaf(leaf: CanonLeaf): CanonId
  hosts(hosts: readonly HostPort[]): CanonId
  choice(on: Choice['on'], cases: readonly (readonly [string, CanonId])[], otherwise: CanonId): CanonId
  table(on: Table['on'], rows: CanonTable['rows'], labels: Int32Array, otherwise: CanonId): CanonId
  compare(on: 'size' | 'hops', value: number, over: CanonId, within: CanonId): CanonId
  oracle(name: string, listed: CanonId, clear: CanonId, error: CanonId): CanonId
  tag(tag: string, to: CanonId): CanonId
}

export function makeCanon(): Canon {
  const nodes: CanonNode[] = []
  const known = new Map<string, CanonId>()
  const tables = new Map<string, CanonId[]>()
  /** By port and host, where there is one; otherwise by all of them. */
  const byHost = new Map<number, Map<string, CanonId>>()

  const put = (key: string, make: () => CanonNode): CanonId => {
    let id = known.get(key)
    if (id === undefined) {
      id = nodes.push(make()) - 1
      known.set(key, id)
    }
    return id
  }
  const canon: Canon = {
    nodes,
    leaf: (leaf) => put(leafKey(leaf), () => leaf),
    hosts(hosts) {
      const only = hosts.length === 1 ? hosts[0]! : { host: hosts.map(hostPort).join(','), port: -1 }
      const known = byHost.get(only.port) ?? new Map<string, CanonId>()
      byHost.set(only.port, known)
      let id = known.get(only.host)
      if (id === undefined) {
        id = nodes.push({ kind: 'leaf', is: 'hosts', hosts }) - 1
        known.set(only.host, id)
      }
      return id
    },
    choice(on, cases, otherwise) {
      const different = cases.filter(([, to]) => to !== otherwise)
      if (different.length === 0) return otherwise
      return put(`choice ${on} ${otherwise} ${JSON.stringify(different)}`, () => ({
        kind: 'choice',
        on,
        cases: new Map(different),
        otherwise,
      }))
    },
    table(on, rows, labels, otherwise) {
      if (labels.every((label) => label === otherwise)) return otherwise
      // Tables are large: a few words to find candidates, then row by row.
      const key = `${on} ${rows.length} ${otherwise} ${rows[0]![0]}`
      const candidates = tables.get(key) ?? []
      const same = candidates.find((id) => sameRows(nodes[id] as CanonTable, rows, labels))
      if (same !== undefined) return same
      const id = nodes.push({ kind: 'table', on, rows, labels, otherwise }) - 1
      tables.set(key, [...candidates, id])
      return id
    },
    compare(on, value, over, within) {
      if (over === within) return within
      return put(`${on} ${value} ${over} ${within}`, () => ({ kind: 'compare', on, value, over, within }))
    },
    oracle(name, listed, clear, error) {
      if (listed === clear && clear === error) return clear
      const key = `oracle ${listed} ${clear} ${error} ${name}`
      return put(key, () => ({ kind: 'oracle', name, listed, clear, error }))
    },
    tag: (tag, to) => put(`tag ${to} ${tag}`, () => ({ kind: 'tag', tag, to })),
    add({ nodes, control }, from) {
      const numbers = new Int32Array(nodes.length)
      const wanted = from === undefined ? null : ledTo(nodes, from)
      for (let index = nodes.length - 1; index >= 0; index--) {
        if (wanted?.has(index) !== false) numbers[index] = addNode(canon, nodes[index]!, numbers, control)
      }
      return numbers
    },
  }
  return canon
}

function ledTo(nodes: Graph['nodes'], from: NodeId): Set<NodeId> {
  const seen = new Set<NodeId>([from])
  for (const id of seen) for (const to of edgesOf(nodes[id]!)) seen.add(to)
  return seen
}

function addNode(canon: Canon, node: Node, numbers: Int32Array, control: Control): CanonId {
  if (node.kind === 'hosts') return canon.hosts(node.hosts)
  if (isLeaf(node)) return canon.leaf(meaningOf(node, control))
  switch (node.kind) {
    case 'choice': {
      const cases = node.cases.map(([name, to]) => [name, numbers[to]!] as const)
      return canon.choice(node.on, cases, numbers[node.otherwise]!)
    }
    case 'table': {
      const labels = new Int32Array(node.rows.length)
      for (let i = 0; i < labels.length; i++) labels[i] = numbers[node.rows[i]![1]]!
      return canon.table(node.on, node.rows, labels, numbers[node.otherwise]!)
    }
    case 'compare':
      return canon.compare(node.on, node.value, numbers[node.over]!, numbers[node.within]!)
    case 'oracle': {
      const { listed, clear, error } = node.outcomes
      return canon.oracle(oracleName(node.oracle), numbers[listed]!, numbers[clear]!, numbers[error]!)
    }
    case 'note': {
      const mark = markOf(node)
      return mark === null ? numbers[node.to]! : canon.tag(mark, numbers[node.to]!)
    }
  }
}

/** A leaf at which a route ends with a way. */
export type Way = Extract<CanonLeaf, { is: 'route' | 'hosts' }>

/** The way in words. */
export function wayText(way: Way): RouteText {
  if (way.is === 'route') return way.route
  return routeText({ kind: 'next-hop', nextHop: { kind: 'hosts', key: wayName(way), hosts: way.hosts }, at: '' })
}

/** Equal ways have one name, and no others. */
export const wayName = (way: Way): string =>
  way.is === 'route' ? way.way : `hosts ${way.hosts.map(hostPort).join(',')}`

const nobody: Mailbox = (() => {
  const parsed = parseMailbox('nobody@example.com')
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
})()

function meaningOf(leaf: Leaf, control: Control): CanonLeaf {
  switch (leaf.kind) {
    case 'next':
    // Held or not is said by the route, which is asked for a parked recipient as for any other.
    case 'park':
      return { kind: 'leaf', is: 'next' }
    case 'refuse':
      return { kind: 'leaf', is: 'refuse', code: leaf.code, status: leaf.status, text: leaf.text }
    case 'expand':
      return { kind: 'leaf', is: 'expand', to: leaf.to.map(target) }
    default: {
      // The gateway's own reading of the leaf, asked by way of an evaluator that always arrives there.
      const winner = () => ({ at: '', file: null, line: 0, column: 0 })
      const evaluator = {
        hash: '',
        control,
        routesBySender: false,
        start: () => 0,
        resume: () => 0,
        leaf: () => leaf,
        winner,
        notes: () => [],
      }
      const oracle = (): never => {
        throw new Error('a leaf is no oracle')
      }
      const route = routeOf({ ...evaluator, oracle }, nobody)
      const text = routeText(route)
      return { kind: 'leaf', is: 'route', way: routeKey(text), route: text }
    }
  }
}

function target(text: string): { readonly key: string; readonly mailbox: Mailbox } {
  const parsed = parseMailbox(text)
  if (!parsed.ok) throw new Error(`the graph expands to ${JSON.stringify(text)}: ${parsed.error}`)
  return { key: mailboxKey(parsed.value), mailbox: parsed.value }
}

function leafKey(leaf: CanonLeaf): string {
  switch (leaf.is) {
    case 'next':
      return 'next'
    case 'member':
      return `member ${leaf.value}`
    case 'refuse':
      return `refuse ${leaf.code} ${leaf.status} ${leaf.text}`
    case 'expand':
      return `expand ${JSON.stringify(leaf.to.map(({ key }) => key))}`
    case 'route':
    case 'hosts':
      return `route ${wayName(leaf)}`
  }
}

function sameRows(table: CanonTable, rows: CanonTable['rows'], labels: Int32Array): boolean {
  for (let i = 0; i < labels.length; i++) {
    if (table.labels[i] !== labels[i] || table.rows[i]![0] !== rows[i]![0]) return false
  }
  return true
}

/** Where the edges of a node lead. */
export function canonEdges(node: CanonNode): Iterable<CanonId> {
  switch (node.kind) {
    case 'choice':
      return new Set([...node.cases.values(), node.otherwise])
    case 'table':
      return new Set(node.labels).add(node.otherwise)
    case 'compare':
      return [node.over, node.within]
    case 'oracle':
      return [node.listed, node.clear, node.error]
    case 'tag':
      return [node.to]
    case 'leaf':
      return []
  }
}

/** All that these lead to, themselves too, in ascending order: what a node leads to comes before it. */
export function reachedFrom(nodes: readonly CanonNode[], entries: Iterable<CanonId>): CanonId[] {
  // Every edge leads to a lower number: one way down meets all, however many routes there are.
  const isReached = new Uint8Array(nodes.length)
  let top = -1
  for (const id of entries) {
    isReached[id] = 1
    if (id > top) top = id
  }
  let count = 0
  for (let id = top; id >= 0; id--) {
    if (isReached[id] === 0) continue
    count++
    const node = nodes[id]!
    if (node.kind === 'leaf') continue
    if (node.kind === 'table') {
      const { labels, otherwise } = node
      for (let i = 0; i < labels.length; i++) isReached[labels[i]!] = 1
      isReached[otherwise] = 1
    } else for (const edge of canonEdges(node)) isReached[edge] = 1
  }
  const reached = new Array<CanonId>(count)
  for (let id = 0, at = 0; at < count; id++) if (isReached[id] === 1) reached[at++] = id
  return reached
}

/** Each once, in ascending order. */
export const ascending = (ids: Iterable<CanonId>): CanonId[] => [...new Set(ids)].sort((a, b) => a - b)
