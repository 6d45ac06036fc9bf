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
  eachPiece(graph, isOneOf(ats), add)
  return {
    elements,
    whichOf(pieces) {
      const found = new Set<string>()
      // A row's pattern is a cheap test before its text is made.
      const patterns = new Set<string | undefined>()
      for (const piece of pieces) {
        const from = piece.indexOf(' ') + 1
        const to = piece.indexOf(' ', from)
        patterns.add(piece.slice(from, to < 0 ? undefined : to))
      }
      const see = (_: string, piece: string) => {
        if (pieces.has(piece)) found.add(piece)
      }
      eachPiece(graph, () => true, see, patterns)
      return found
    },
  }
}

/** Whether a name is one of a few. Nearly all are told by their length and some letters: no hash is made of these. */
function isOneOf(names: ReadonlySet<string>): (name: string) => boolean {
  const marks = new Uint8Array(1 << 14)
  const markOf = (name: string): number => {
    const middle = name.length >> 1
    let mark = name.length
    for (let i = middle; i < middle + 4; i++) mark = Math.imul(mark, 31) ^ name.charCodeAt(i)
    return mark & (marks.length - 1)
  }
  for (const name of names) marks[markOf(name)] = 1
  return (name) => marks[markOf(name)] === 1 && names.has(name)
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
