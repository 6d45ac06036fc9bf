import { edgesOf, type Graph, isLeaf, type Leaf, type Node, type NodeId, type Table } from '../graph/graph.ts'
import { coveringPatterns, foldLocalPart, isSearchable, mailboxKey } from '../graph/pattern.ts'
import { type Mailbox, parseMailbox } from '../mail/path.ts'

/** Where a graph may end for one recipient, whatever is true of client, sender, size, listener and DNS lists. */
export type Ends = {
  /** Whom mail for this recipient may be accepted for, aliases expanded; none when it is refused from everybody. */
  finals(recipient: Mailbox): readonly Mailbox[]
  routes(recipient: Mailbox): readonly End[]
  /** The same for one kind of sender: `senderAt` says where a table of senders leads it. */
  routesFrom(recipient: Mailbox, senderAt: SenderAt): readonly End[]
  /** True when an alias or a catch-all may take the place of this recipient. */
  standsForOthers(recipient: Mailbox): boolean
}
/** A leaf, and what decided on the way there: the leaf's own `at`, or that of the last row taken. */
export type End = { readonly leaf: Leaf; readonly at: string }

export type SenderAt = (id: NodeId, table: Table) => NodeId

export function recipientEnds(graph: Graph): Ends {
  const successors = new Map<NodeId, readonly NodeId[]>()
  const rowOf = (table: Table, recipient: Mailbox) => {
    for (const pattern of patternsFor(table, recipient)) {
      const row = rowAt(table.rows, pattern)
      if (row !== null) return row
    }
    return null
  }
  const everywhere = (id: NodeId, node: Node): readonly NodeId[] => {
    let found = successors.get(id)
    if (found === undefined) {
      found = [...new Set(edgesOf(node))]
      successors.set(id, found)
    }
    return found
  }
  const ends = (entry: NodeId, recipient: Mailbox, senderAt: SenderAt | null = null): End[] => {
    const found: End[] = []
    const seen = new Set<NodeId>()
    const open: (readonly [NodeId, string])[] = [[entry, '']]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [id, at] = next
      if (seen.has(id)) continue
      seen.add(id)
      const node = graph.nodes[id]!
      if (isLeaf(node)) found.push({ leaf: node, at: node.at ?? at })
      else if (node.kind === 'table' && (node.on === 'recipient' || node.on === 'local-part')) {
        const row = rowOf(node, recipient)
        open.push(row === null ? [node.otherwise, at] : [row[1], row[2] === '' ? at : row[2]])
      } else if (senderAt !== null && node.kind === 'table' && node.on === 'sender') open.push([senderAt(id, node), at])
      else for (const to of everywhere(id, node)) open.push([to, at])
    }
    return found
  }
  const expands = graph.nodes.some(({ kind }) => kind === 'expand')
  const latest = { recipient: null as Mailbox | null, routes: [] as readonly End[] }
  return {
    standsForOthers: (recipient) =>
      expands && ends(graph.entry.rcpt, recipient).some(({ leaf }) => leaf.kind === 'expand'),
    finals(recipient) {
      const found = new Map<string, Mailbox>()
      for (const { leaf } of ends(graph.entry.rcpt, recipient)) {
        if (leaf.kind === 'next') found.set(mailboxKey(recipient), recipient)
        if (leaf.kind !== 'expand') continue
        for (const text of leaf.to) {
          const mailbox = parseMailbox(text)
          if (mailbox.ok) found.set(mailboxKey(mailbox.value), mailbox.value)
        }
      }
      return [...found.values()]
    },
    routesFrom: (recipient, senderAt) => ends(graph.entry.route, recipient, senderAt),
    routes(recipient) {
      // Asked for by every gateway that serves this graph, one after the other.
      if (latest.recipient !== recipient) {
        latest.recipient = recipient
        latest.routes = ends(graph.entry.route, recipient)
      }
      return latest.routes
    },
  }
}

/** Rows are sorted (`check-graph.ts`): nothing is made of a hundred thousand of them to find a few. */
function rowAt(rows: Table['rows'], pattern: string): Table['rows'][number] | null {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (rows[middle]![0] < pattern) low = middle + 1
    else high = middle
  }
  const row = rows[low]
  return row?.[0] === pattern ? row : null
}

// By recipient, who is asked about in many tables of several graphs.
const covering = new WeakMap<Mailbox, readonly string[]>()

/** The patterns that match, the most specific first. */
function patternsFor(table: Table, recipient: Mailbox): readonly string[] {
  if (table.on === 'local-part') return [foldLocalPart(recipient.localPart)]
  let patterns = covering.get(recipient)
  if (patterns === undefined) {
    patterns = isSearchable(recipient.domain) ? coveringPatterns(mailboxKey(recipient)) : ['*']
    covering.set(recipient, patterns)
  }
  return patterns
}
