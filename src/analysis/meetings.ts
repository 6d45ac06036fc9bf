import type { Cut } from './cut.ts'
import type { DiagramId } from './diagram.ts'
import type { Answer } from './question.ts'

/** Atoms of each variable before the recipient. */
export type Way = readonly number[]
/** How a tuple is met inside of a box: by everybody (`all`), or by these coarse recipients, each on its way. */
export type Meeting = { all: Way | null; readonly of: Map<number, Way> }
/** By tuple. */
export type Met = ReadonlyMap<number, Meeting>

/** The tuples that stand inside of these sets. */
export function meetings({ space, product }: Answer, sets: Cut['sets']): Met {
  const last = space.dimensions.recipient
  const found = new Map<number, Meeting>()
  const meeting = (tuple: number): Meeting => {
    let known = found.get(tuple)
    if (known === undefined) {
      known = { all: null, of: new Map() }
      found.set(tuple, known)
    }
    return known
  }
  const seen = new Set<DiagramId>()
  const visit = (id: DiagramId, atoms: Way): void => {
    if (seen.has(id)) return
    seen.add(id)
    const at = product.diagram.variableOf(id)
    // What is not asked may be any atom of the set: the first will do.
    const way = [...atoms]
    for (let v = way.length; v < Math.min(at, last); v++) way.push(sets[v]?.[0] ?? 0)
    if (id < 0) {
      meeting(~id).all ??= way
      return
    }
    const edges = product.diagram.edgesOf(id)
    if (at === last) {
      for (const [coarse, edge] of edges.entries()) {
        const { of } = meeting(~edge)
        if (!of.has(coarse)) of.set(coarse, way)
      }
      return
    }
    for (const atom of sets[at] ?? edges.keys()) visit(edges[atom]!, [...way, atom])
  }
  visit(product.root, [])
  return found
}
