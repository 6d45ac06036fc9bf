import type { Diagnostic } from './diagnostic.ts'
import { loadCodes } from './load-codes.ts'
import { type Entry, type Node, placeOf } from './load-node.ts'
import { problem } from './load-problem.ts'
import { pathText } from './positions.ts'

export type MapNode = Node & { readonly kind: 'map' }

/** The files that a document includes: a name or a list of names. */
export function includesOf(
  document: MapNode,
  problems: Diagnostic[],
): readonly { readonly text: string; readonly node: Node; readonly path: string }[] {
  const include = document.entries.get('include')?.node
  if (include === undefined) return []
  const single = include.kind !== 'list'
  const nodes = single ? [include] : include.items
  return nodes.flatMap((node, i) => {
    const path = pathText(single ? ['include'] : ['include', i])
    if (node.kind === 'scalar' && typeof node.value === 'string') return [{ text: node.value, node, path }]
    problems.push(problem(loadCodes.includeForm, placeOf(node), `${path}: expected the name of a file`, { path }))
    return []
  })
}

/**
 * The union of two documents. A section that both have is the union of its entries (relays in two files), and no deeper:
 * an entry stands in one file, whole. The same key twice is an error, never "the last one wins"; lists are not joined.
 */
export function mergeDocuments(main: MapNode, included: MapNode, problems: Diagnostic[]): MapNode {
  const entries = new Map(main.entries)
  entries.delete('include')
  for (const [key, entry] of included.entries) {
    if (key === 'include' || key === '$schema') continue
    const own = entries.get(key)
    if (own === undefined) entries.set(key, entry)
    else if (isSection(own.node) && isSection(entry.node)) {
      entries.set(key, { ...own, node: mergeSection(own.node, entry.node, key, problems) })
    } else if (!(key === 'apiVersion' && sameScalar(own.node, entry.node))) {
      problems.push(conflict([key], own, entry))
    }
  }
  return { ...main, entries }
}

function mergeSection(own: MapNode, included: MapNode, section: string, problems: Diagnostic[]): MapNode {
  const entries = new Map(own.entries)
  for (const [key, entry] of included.entries) {
    const first = entries.get(key)
    if (first === undefined) entries.set(key, entry)
    else problems.push(conflict([section, key], first, entry))
  }
  return { ...own, entries }
}

/** A mapping of named entries; a form such as `$secret` is one value. */
const isSection = (node: Node): node is MapNode =>
  node.kind === 'map' && ![...node.entries.keys()].some((key) => key.startsWith('$'))

const sameScalar = (a: Node, b: Node) => a.kind === 'scalar' && b.kind === 'scalar' && a.value === b.value

function conflict(path: readonly string[], first: Entry, second: Entry): Diagnostic {
  const at = pathText(path)
  const place = placeOf(first) ?? placeOf(first.node)
  const related = place === null ? [] : [{ message: 'first written here', position: place }]
  return problem(
    loadCodes.includeConflict,
    placeOf(second) ?? placeOf(second.node),
    `${at}: written in two files; nothing says which one counts`,
    { path: at, related },
  )
}
