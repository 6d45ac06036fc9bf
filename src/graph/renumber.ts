import { edgesOf, type Graph, isLeaf, type Node, type Stage, stages } from './graph.ts'

/** The same node with its edges led through `to`. */
export function rewired(node: Node, to: (id: number) => number): Node {
  if (isLeaf(node)) return node
  switch (node.kind) {
    case 'choice':
      return { ...node, cases: node.cases.map(([name, id]) => [name, to(id)]), otherwise: to(node.otherwise) }
    case 'table':
      return {
        ...node,
        rows: node.rows.map(([pattern, id, at]) => [pattern, to(id), at]),
        otherwise: to(node.otherwise),
      }
    case 'compare':
      return { ...node, over: to(node.over), within: to(node.within) }
    case 'oracle': {
      const { listed, clear, error } = node.outcomes
      return { ...node, outcomes: { listed: to(listed), clear: to(clear), error: to(error) } }
    }
    case 'note':
      return { ...node, to: to(node.to) }
  }
}

/** Puts nodes in front of a graph, where edges to its own nodes can lead forward. `entry` are numbers in the result. */
export function prefixed(graph: Graph, front: readonly Node[], entry: (own: Graph['entry']) => Graph['entry']): Graph {
  const by = front.length
  const own = entryOf((stage) => graph.entry[stage] + by)
  return {
    ...graph,
    nodes: [...front, ...graph.nodes.map((node) => rewired(node, (id) => id + by))],
    entry: entry(own),
  }
}

/** Leaves out what no stage reaches any more. */
export function pruned(graph: Graph): Graph {
  const reached = new Uint8Array(graph.nodes.length)
  for (const stage of stages) reached[graph.entry[stage]] = 1
  // Edges lead forward, so one pass in order finds all.
  for (const [id, node] of graph.nodes.entries()) if (reached[id] === 1) for (const to of edgesOf(node)) reached[to] = 1
  const numbers = new Int32Array(graph.nodes.length)
  let next = 0
  for (let id = 0; id < reached.length; id++) if (reached[id] === 1) numbers[id] = next++
  const to = (id: number): number => numbers[id]!
  const nodes = graph.nodes.filter((_, id) => reached[id] === 1).map((node) => rewired(node, to))
  return { ...graph, nodes, entry: entryOf((stage) => to(graph.entry[stage])) }
}

const entryOf = (of: (stage: Stage) => number): Graph['entry'] =>
  Object.fromEntries(stages.map((stage) => [stage, of(stage)])) as Graph['entry']
