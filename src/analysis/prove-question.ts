import { oracleName } from '../graph/explanation.ts'
import {
  edgesOf,
  type Graph,
  isLeaf,
  type Leaf,
  type Node,
  type NodeId,
  type Stage,
  type Table,
} from '../graph/graph.ts'
import { type Mailbox, parseMailbox } from '../mail/path.ts'
import type { CanonTable } from './canon.ts'
import { type Ends, recipientEnds, type SenderAt } from './recipient-ends.ts'

/**
 * A graph as one proof needs to see it. Leaves that are the same to the proof are one label, and a node all of whose
 * edges lead to one label is that label: a hundred thousand routes of which only "leaves or not" matters are a handful.
 */
export type Question = {
  readonly graph: Graph
  /** Of each node its label: a node's number, the same for nodes that are the same to the proof. */
  readonly label: Int32Array
  /** What the leaves of a label are to the proof; `undefined` for nodes that still ask. */
  valueOf(label: number): string | undefined
  /** What an expansion stands for: the values of the routes of its mailboxes, each once, sorted. */
  routesOf(label: number): readonly string[]
  /** Whether that depends on the sender; then `routesFrom` says it for one kind of sender. */
  asksSender(label: number): boolean
  routesFrom(label: number, senderAt: SenderAt): readonly string[]
}

export class NotDecidable extends Error {}

/** A value that every proof treats alike: the stage passes. */
export const passes = 'passes'

/**
 * `meaning` says what a leaf is to the proof; `next` and `park` pass, an expansion is what its mailboxes are. With
 * `whole`, nodes that lead to one label stay nodes: what asks may matter, not only what comes of it.
 */
export function question(graph: Graph, meaning: (leaf: Leaf) => string, { whole = false } = {}): Question {
  const { nodes } = graph
  checkStages(graph)
  const label = new Int32Array(nodes.length)
  const first = new Map<string, number>()
  const values = new Map<number, string>()
  const routes = new Map<number, readonly string[]>()
  /** Mailboxes of expansions whose routes depend on the sender. */
  const bySender = new Map<number, readonly Mailbox[]>()
  const ends = endsOf(graph)

  for (let id = nodes.length - 1; id >= 0; id--) {
    const node = nodes[id]!
    if (isLeaf(node)) {
      const value = leafValue(node, id)
      const known = first.get(value)
      if (known === undefined) first.set(value, id)
      label[id] = known ?? id
      values.set(label[id]!, value)
      continue
    }
    label[id] = (whole ? null : onlyLabel(node, label)) ?? id
  }
  return {
    graph,
    label,
    valueOf: (one) => values.get(one),
    routesOf: (one) => routes.get(one) ?? [],
    asksSender: (one) => bySender.has(one),
    routesFrom(one, senderAt) {
      const found = new Set<string>()
      for (const mailbox of bySender.get(one) ?? [])
        for (const end of ends.routesFrom(mailbox, senderAt)) found.add(leafValue(end.leaf, one))
      return [...found].sort()
    },
  }

  function leafValue(leaf: Leaf, id: number): string {
    if (leaf.kind === 'next' || leaf.kind === 'park') return passes
    if (leaf.kind !== 'expand') return meaning(leaf)
    const found = new Set<string>()
    const mailboxes: Mailbox[] = []
    let asksSender = false
    for (const text of leaf.to) {
      const mailbox = parseMailbox(text)
      if (!mailbox.ok) throw new NotDecidable(`the graph expands to ${JSON.stringify(text)}, which is no mailbox`)
      const own = new Set(ends.routes(mailbox.value).map((end) => leafValue(end.leaf, id)))
      // Of one recipient nothing else is left to tell routes apart.
      if (own.size > 1) asksSender = true
      mailboxes.push(mailbox.value)
      for (const one of own) found.add(one)
    }
    const sorted = [...found].sort()
    const value = asksSender ? `expands by sender ${leaf.to.join(' ')}` : `expands ${sorted.join(' ')}`
    routes.set(first.get(value) ?? id, sorted)
    if (asksSender) bySender.set(first.get(value) ?? id, mailboxes)
    return value
  }
}

// By graph: each proof asks the same tables for the mailboxes of the same aliases.
const known = new WeakMap<Graph, Ends>()

function endsOf(graph: Graph): Ends {
  let ends = known.get(graph)
  if (ends === undefined) {
    ends = recipientEnds(graph)
    known.set(graph, ends)
  }
  return ends
}

/** The one label that all edges lead to, or `null`. Where `*` has a row every recipient has one. */
function onlyLabel(node: Node, label: Int32Array): number | null {
  const always = node.kind === 'table' && node.on === 'recipient' && node.rows[0]?.[0] === '*'
  let only = -1
  for (const to of always ? node.rows.map(([, next]) => next) : edgesOf(node)) {
    if (only === -1) only = label[to]!
    else if (only !== label[to]) return null
  }
  return only
}

const notes = ['observe', 'tag', 'rewrite', 'journal', 'hints']
const atConnect = ['listener', 'client', 'watched', ...notes]
const atHelo = [...atConnect, 'tls', 'certificate', 'helo', 'check']
const atMail = [...atHelo, 'login', 'sender', 'size', 'own-sender', 'rate', 'dnsbl']
const atRcpt = [...atMail, 'recipient', 'local-part']
const askedFor: Readonly<Partial<Record<Stage, readonly string[]>>> = {
  connect: atConnect,
  helo: atHelo,
  auth: atHelo,
  mail: atMail,
  rcpt: atRcpt,
  route: ['recipient', 'local-part', 'sender', ...notes],
  data: [...atRcpt, 'hops'],
  destination: ['destination', ...notes],
}

/**
 * Compiled documents ask each stage only for what is known there, which makes a message one thing in all stages. A graph
 * that does otherwise is not decided here.
 */
function checkStages({ nodes, entry }: Graph): void {
  for (const [stage, may] of Object.entries(askedFor)) {
    const open: NodeId[] = [entry[stage as Stage]]
    const seen = new Set(open)
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      const node = nodes[id]!
      if (isLeaf(node)) continue
      const on = node.kind === 'oracle' ? node.oracle.kind : node.kind === 'note' ? node.note : node.on
      if (!may.includes(on)) throw new NotDecidable(`the stage ${stage} of this graph asks for ${on}`)
      for (const to of edgesOf(node)) {
        if (!seen.has(to)) open.push(to)
        seen.add(to)
      }
    }
  }
}

/** A table as the partitions read it: where each row leads, by label. */
export function asCanon({ on, rows, otherwise }: Table, label: Int32Array): CanonTable {
  const labels = new Int32Array(rows.length)
  for (let i = 0; i < rows.length; i++) labels[i] = label[rows[i]![1]]!
  return { kind: 'table', on, rows, labels, otherwise: label[otherwise]! }
}

/** The names of all oracles of a graph. */
export const oraclesOf = ({ nodes }: Graph): string[] => [
  ...new Set(nodes.flatMap((node) => (node.kind === 'oracle' ? [oracleName(node.oracle)] : []))),
]
