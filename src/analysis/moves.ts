import type { Behaviour } from '../graph/behaviour.ts'
import type { Move } from './change-set.ts'
import type { Cut } from './cut.ts'
import type { DiagramId } from './diagram.ts'
import { moveTexts } from './kind.ts'
import type { Answer } from './question.ts'

/** More are summed up: a person reads a histogram, not a table. */
const shownMoves = 50

export type Moves = {
  readonly moves: readonly Move[]
  /** Atoms of a message that makes the most frequent move, of each variable but the recipient, which is a fine atom. */
  readonly example: { readonly atoms: readonly number[]; readonly fine: number }
}

/**
 * What happens inside a box, from the first part of the question to the second. Ways through the diagram that end alike
 * are walked once. `also` is a class that boxes of other classes may hold too (`absorb.ts`): no example of theirs.
 */
export function movesIn(answer: Answer, { of, sets }: Cut, also: number): Moves {
  const { space, product } = answer
  const last = space.dimensions.recipient
  const inside = sets[last] ?? answer.recipients.map((_, atom) => atom)
  const fine = inside.flatMap((atom) => answer.recipients[atom]!)
  const met = meetings(answer, sets)

  type Count = { classes: number; readonly from: number; readonly to: number; last: number } & Pick<Moves, 'example'>
  const counts = new Map<number, Count & { readonly isOwn: boolean }>()
  // By recipient, so that one who makes the same move in several ways is counted once.
  for (const one of fine) {
    const coarse = space.recipients.coarseOf[one]!
    for (const [tuple, meeting] of met) {
      const atoms = meeting.all ?? meeting.of.get(coarse)
      if (atoms === undefined) continue
      const found = answer.classOf(tuple, one)
      if (found !== of && found !== also) continue
      const [from, to] = product.resolve(tuple, one) as [number, number]
      const key = from * 2 ** 26 + to
      const count = counts.get(key)
      const weight = space.recipients.weight[one]!
      if (count === undefined) {
        const example = { atoms, fine: one }
        counts.set(key, { classes: weight, from, to, last: one, example, isOwn: found === of })
      } else if (count.last !== one) {
        count.classes += weight
        count.last = one
      }
    }
  }
  const found = [...counts.values()].sort((a, b) => Number(b.isOwn) - Number(a.isOwn) || b.classes - a.classes)
  const first = found.find(({ isOwn }) => isOwn)
  if (first === undefined) throw new Error('internal error: a box in which nothing changes')
  const texts = found.slice(0, shownMoves).map(({ from, to, classes }): Move => {
    const [before, now] = [from, to].map((id) => space.values.get(id) as Behaviour) as [Behaviour, Behaviour]
    return { ...moveTexts(before, now), classes: Math.max(1, classes) }
  })
  const rest = found.slice(shownMoves)
  const others = `${rest.length} others`
  const sum = { from: others, to: others, classes: rest.reduce((total, { classes }) => total + classes, 0) }
  return { moves: rest.length === 0 ? texts : [...texts, sum], example: first.example }
}

/** Atoms of each variable before the recipient. */
type Way = readonly number[]
/** How a tuple is met inside of a box: by everybody (`all`), or by these coarse recipients, each on its way. */
type Meeting = { all: Way | null; readonly of: Map<number, Way> }

/** The tuples that stand inside of these sets. */
function meetings({ space, product }: Answer, sets: Cut['sets']): Map<number, Meeting> {
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
