import type { Claims } from '../graph/claims.ts'
import type { Control } from '../graph/control.ts'
import {
  type Choice,
  type Compare,
  edgesOf,
  type Graph,
  type Leaf,
  type Node,
  type Note,
  type OracleNode,
  type Stage,
  stages,
  type Table,
} from '../graph/graph.ts'
import { byCodeUnits } from '../graph/pattern.ts'

/** A node that is being built, by the builder's own number. */
export type Ref = number & { readonly __brand: 'Ref' }
export type Row = readonly [pattern: string, to: Ref, at: string]

/**
 * Collects nodes from the last to the first, so that an edge can only point to what exists: there is no way to build a
 * cycle. Equal nodes are one node. `finish` numbers them by the graph's structure alone, not by the order in which they
 * were made: equal documents give equal graphs.
 */
export type Builder = {
  leaf(leaf: Leaf): Ref
  /** Without rows it is `otherwise`. Of two rows with one pattern the first stays and `onTwice` hears of the second. */
  table(on: Table['on'], rows: Iterable<Row>, otherwise: Ref, at?: string): Ref
  choice(on: Choice['on'], cases: readonly (readonly [string, Ref])[], otherwise: Ref, at?: string): Ref
  compare(on: Compare['on'], value: number, over: Ref, within: Ref, at?: string): Ref
  oracle(
    node: Omit<OracleNode, 'kind' | 'outcomes'>,
    outcomes: Readonly<Record<keyof OracleNode['outcomes'], Ref>>,
  ): Ref
  note(note: Omit<Note, 'kind' | 'to'>, to: Ref): Ref
  finish(entry: Readonly<Record<Stage, Ref>>, control: Control, claims: Claims): Graph
}

/** @param leafOf what becomes of each leaf */
export function graphBuilder(
  onTwice: (pattern: string, first: string, second: string) => void,
  leafOf: (leaf: Leaf) => Leaf = (leaf) => leaf,
): Builder {
  const drafts: Node[] = []
  const known = new Map<string, Ref>()

  const put = (node: Node): Ref => {
    const key = JSON.stringify(node)
    const same = known.get(key)
    if (same !== undefined) return same
    const ref = (drafts.push(node) - 1) as Ref
    known.set(key, ref)
    return ref
  }
  const asker = (at: string | undefined) => (at === undefined ? {} : { at })

  return {
    leaf: (leaf) => put(leafOf(leaf)),
    table(on, rows, otherwise, at) {
      const unique = new Map<string, Row>()
      for (const row of rows) {
        const first = unique.get(row[0])
        if (first === undefined) unique.set(row[0], row)
        else onTwice(row[0], first[2], row[2])
      }
      if (unique.size === 0) return otherwise
      const sorted = [...unique.values()].sort((a, b) => byCodeUnits(a[0], b[0]))
      return put({ kind: 'table', on, rows: sorted, otherwise, ...asker(at) })
    },
    choice(on, cases, otherwise, at) {
      const different = cases.filter(([, to]) => to !== otherwise)
      if (different.length === 0) return otherwise
      const sorted = different.sort((a, b) => byCodeUnits(a[0], b[0]))
      return put({ kind: 'choice', on, cases: sorted, otherwise, ...asker(at) })
    },
    compare: (on, value, over, within, at) => put({ kind: 'compare', on, value, over, within, ...asker(at) }),
    oracle: (node, outcomes) => put({ kind: 'oracle', ...node, outcomes }),
    note: (note, to) => put({ kind: 'note', ...note, to }),
    finish(entry, control, claims) {
      const order = numbered(drafts, entry)
      const nodes: Node[] = []
      for (const [ref, id] of order) nodes[id] = renumbered(drafts[ref]!, (to) => order.get(to)!)
      const entries = stages.map((stage) => [stage, order.get(entry[stage])!])
      const byStage = Object.fromEntries(entries) as Graph['entry']
      return { format: 'mailgw-graph/1', control, claims, nodes, entry: byStage }
    },
  }
}

/** Depth first, last edge first, read backwards: each node stands before all that it points to, the entries in order. */
function numbered(drafts: readonly Node[], entry: Readonly<Record<Stage, Ref>>): Map<number, number> {
  const done: number[] = []
  const seen = new Set<number>()
  // By hand, not by recursion: a chain of ten thousand rules is ten thousand deep.
  const stack: { ref: number; edges: readonly number[]; left: number }[] = []
  const enter = (ref: number) => {
    if (seen.has(ref)) return
    seen.add(ref)
    const edges = edgesOf(drafts[ref]!)
    stack.push({ ref, edges, left: edges.length })
  }
  for (const stage of stages.toReversed()) {
    enter(entry[stage])
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (top.left > 0) enter(top.edges[--top.left]!)
      else done.push(stack.pop()!.ref)
    }
  }
  return new Map(done.toReversed().map((ref, id) => [ref, id]))
}

function renumbered(node: Node, id: (ref: number) => number): Node {
  switch (node.kind) {
    case 'choice':
      return { ...node, cases: node.cases.map(([name, to]) => [name, id(to)] as const), otherwise: id(node.otherwise) }
    case 'table':
      return {
        ...node,
        rows: node.rows.map(([pattern, to, at]) => [pattern, id(to), at] as const),
        otherwise: id(node.otherwise),
      }
    case 'compare':
      return { ...node, over: id(node.over), within: id(node.within) }
    case 'oracle': {
      const { listed, clear, error } = node.outcomes
      return { ...node, outcomes: { listed: id(listed), clear: id(clear), error: id(error) } }
    }
    case 'note':
      return { ...node, to: id(node.to) }
    default:
      return node
  }
}
