import type { Behaviour } from '../graph/behaviour.ts'
import type { Move } from './change-set.ts'
import type { Cut } from './cut.ts'
import type { DiagramId } from './diagram.ts'
import { moveTexts } from './kind.ts'
import type { Answer } from './question.ts'
import type { Space } from './space.ts'
import type { ValueId } from './values.ts'

/** More are summed up: a person reads a histogram, not a table. */
const shownMoves = 50

export type Moves = {
  /** The class of the box. */
  readonly of: number
  readonly moves: readonly Move[]
  /** Atoms of a message that makes the most frequent move, of each variable but the recipient, which is a fine atom. */
  readonly example: { readonly atoms: readonly number[]; readonly fine: number }
}

/**
 * What happens inside a box, from the first part of the question to the second. Ways through the diagram that end alike
 * are walked once. `also` is a class that boxes of other classes may hold too (`absorb.ts`): no example of theirs.
 */
export function movesIn(answer: Answer, { of, sets }: Cut, also: number): Moves {
  const { space, product, likeness } = answer
  const inside = sets[space.dimensions.recipient] ?? answer.recipients.map((_, atom) => atom)
  /** Of each kind of recipients the tuples that they meet in this box. */
  const encounters = likeness.examples.map(() => null as readonly Encounter[] | null)
  const met = meetings(answer, sets)
  const encountersOf = (kind: number): readonly Encounter[] => {
    const example = likeness.examples[kind]!
    const coarse = space.recipients.coarseOf[example]!
    const found: Encounter[] = []
    for (const [tuple, meeting] of met) {
      const atoms = meeting.all ?? meeting.of.get(coarse)
      if (atoms === undefined) continue
      const own = answer.classOf(tuple, example)
      if (own !== of && own !== also) continue
      const [from, to] = product.tuples[tuple]!
      const [fromColumn, toColumn] = product.columns(tuple)
      found.push({ atoms, isOwn: own === of, from: from!, to: to!, fromColumn: fromColumn!, toColumn: toColumn! })
    }
    encounters[kind] = found
    return found
  }

  const counts: Count[] = []
  const numberOf = pairNumbers(space, constantsOf(answer, met.keys()))
  // By recipient, so that one who makes the same move in several ways is counted once.
  for (const atom of inside) {
    for (const one of answer.recipients[atom]!) {
      const kind = likeness.kindOf[one]!
      for (const { atoms, isOwn, from, to, fromColumn, toColumn } of encounters[kind] ?? encountersOf(kind)) {
        const before = fromColumn === null ? from : fromColumn[one]!
        const now = toColumn === null ? to : toColumn[one]!
        const number = numberOf(before, now)
        const count = counts[number]
        const classes = space.recipients.weight[one]!
        if (count === undefined)
          counts.push({ classes, from: before, to: now, last: one, atoms, fine: one, isOwn, number })
        else if (count.last !== one) {
          count.classes += classes
          count.last = one
        }
      }
    }
  }
  const { first, sum } = leading(counts)
  const example = first[0]
  if (example === undefined) throw new Error('internal error: a box in which nothing changes')
  const texts = first.map(({ from, to, classes }): Move => {
    const [before, now] = [from, to].map((id) => space.values.get(id) as Behaviour) as [Behaviour, Behaviour]
    return { ...moveTexts(before, now), classes: Math.max(1, classes) }
  })
  const others = `${counts.length - first.length} others`
  const rest = { from: others, to: others, classes: sum - first.reduce((total, { classes }) => total + classes, 0) }
  return {
    moves: counts.length === first.length ? texts : [...texts, rest],
    // None of its own class: what was taken over from another (`absorb.ts`) has found no company.
    of: example.isOwn ? of : also,
    example: { atoms: example.atoms, fine: example.fine },
  }
}

/** A tuple that recipients of a kind meet; where it holds a token, what that means for each. */
type Encounter = {
  readonly atoms: Way
  readonly isOwn: boolean
  readonly from: ValueId
  readonly to: ValueId
  readonly fromColumn: Int32Array | null
  readonly toColumn: Int32Array | null
}

type Count = {
  classes: number
  last: number
  readonly number: number
  readonly from: ValueId
  readonly to: ValueId
  readonly isOwn: boolean
  readonly atoms: Way
  readonly fine: number
}

/** Values that everybody has who meets a tuple, not more of them than lists are kept for. */
function constantsOf({ product }: Answer, tuples: Iterable<number>): Set<ValueId> {
  const found = new Set<ValueId>()
  for (const tuple of tuples) {
    for (const side of [0, 1]) {
      if (found.size < 64 && product.columns(tuple)[side] === null) found.add(product.tuples[tuple]![side]!)
    }
  }
  return found
}

/** Numbers pairs of values from 0 on. Most pairs hold a constant: for that one a list of the others is kept. */
function pairNumbers({ values }: Space, constants: ReadonlySet<ValueId>): (from: ValueId, to: ValueId) => number {
  const rows = new Map<ValueId, Int32Array>()
  const columns = new Map<ValueId, Int32Array>()
  const others = new Map<number, number>()
  const listOf = (lists: Map<ValueId, Int32Array>, id: ValueId): Int32Array => {
    let list = lists.get(id)
    if (list === undefined) {
      list = new Int32Array(values.count()).fill(-1)
      lists.set(id, list)
    }
    return list
  }
  let count = 0
  return (from, to) => {
    const isRow = constants.has(from)
    if (isRow || constants.has(to)) {
      const list = isRow ? listOf(rows, from) : listOf(columns, to)
      const other = isRow ? to : from
      if (list[other]! < 0) list[other] = count++
      return list[other]!
    }
    const key = from * 2 ** 26 + to
    let number = others.get(key)
    if (number === undefined) {
      number = count++
      others.set(key, number)
    }
    return number
  }
}

/** The first moves that are shown: those of the box's own class, then those of most recipients, then as they were met. */
function leading(counts: readonly Count[]): { readonly first: readonly Count[]; readonly sum: number } {
  const first: Count[] = []
  let sum = 0
  const order = (a: Count, b: Count) =>
    Number(b.isOwn) - Number(a.isOwn) || b.classes - a.classes || a.number - b.number
  for (const count of counts) {
    sum += count.classes
    if (first.length === shownMoves && order(count, first[shownMoves - 1]!) > 0) continue
    first.push(count)
    first.sort(order)
    if (first.length > shownMoves) first.pop()
  }
  return { first, sum }
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
