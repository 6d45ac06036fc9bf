import { oracleName } from '../graph/explanation.ts'
import { type Graph, isLeaf, type Leaf, type Node, type NodeId } from '../graph/graph.ts'

/** Of an element of the document (`at`), what it says, piece by piece; not where it stands or what comes after it. */
export type Elements = ReadonlyMap<string, ReadonlySet<string>>

export type ElementsFinder = {
  /** Those that were asked for. */
  readonly elements: Elements
  /** Which of these pieces the graph has, in whatever element. */
  whichOf(pieces: ReadonlySet<string>): ReadonlySet<string>
}

export function elementsFinder(graph: Graph, ats: ReadonlySet<string>): ElementsFinder {
  const elements = new Map<string, Set<string>>()
  const add = (at: string, piece: string): void => {
    const pieces = elements.get(at)
    if (pieces === undefined) elements.set(at, new Set([piece]))
    else pieces.add(piece)
  }
  eachPiece(graph, (at) => ats.has(at), add)
  return {
    elements,
    whichOf(pieces) {
      const found = new Set<string>()
      // A row's pattern is a cheap test before its text is made.
      const patterns = new Set([...pieces].map((piece) => piece.split(' ', 2)[1]))
      const see = (_: string, piece: string) => {
        if (pieces.has(piece)) found.add(piece)
      }
      eachPiece(graph, () => true, see, patterns)
      return found
    },
  }
}

/** Pieces begin with a word and the pattern, name or number that they are about. */
function eachPiece(
  graph: Graph,
  isWanted: (at: string) => boolean,
  see: (at: string, piece: string) => void,
  patterns: ReadonlySet<string | undefined> | null = null,
): void {
  const { nodes, claims } = graph
  // Ten thousand senders of one rule lead to one leaf.
  const texts = new Map<NodeId, string>()
  const pieceOf = (id: NodeId): string => {
    const text = texts.get(id) ?? endPiece(nodes[id]!)
    texts.set(id, text)
    return text
  }
  for (const node of nodes) {
    if (node.kind === 'table') {
      // There may be a hundred thousand: nothing is made of those that are not wanted.
      for (let i = 0; i < node.rows.length; i++) {
        const row = node.rows[i]!
        const pattern = row[0]
        const to = row[1]
        const at = row[2]
        if (at === '' || !isWanted(at) || patterns?.has(pattern) === false) continue
        see(at, `${node.on} ${pattern} ${pieceOf(to)}`)
      }
    }
    const at = node.at
    if (at !== undefined && at !== null && isWanted(at)) {
      const piece = nodePiece(node)
      if (piece !== null) see(at, piece)
    }
  }
  for (const [network, isInternal, at] of claims.clients) {
    if (isWanted(at) && patterns?.has(network) !== false) see(at, `claimed ${network} ${isInternal}`)
  }
  for (const [pattern, kind, at] of claims.domains) {
    if (isWanted(at) && patterns?.has(pattern) !== false) see(at, `claimed ${pattern} ${kind}`)
  }
}

function nodePiece(node: Node): string | null {
  switch (node.kind) {
    case 'choice':
      return `choice ${node.cases.map(([name]) => name).join(',')}`
    case 'compare':
      return `compare ${node.on} ${node.value}`
    case 'oracle':
      return `oracle ${oracleName(node.oracle)}`
    case 'table':
      // One of several conditions of a rule: its rows have no name of their own.
      return node.rows[0]![2] === '' ? `table ${node.on} ${node.rows.map(([pattern]) => pattern).join(',')}` : null
    case 'note':
      return `note ${JSON.stringify([node.note, node.code, node.status, node.text])}`
    default:
      return `end . ${leafPiece(node)}`
  }
}

const endPiece = (node: Node): string => (isLeaf(node) ? leafPiece(node) : '...')

function leafPiece({ at: _, ...leaf }: Leaf): string {
  return JSON.stringify(leaf)
}
