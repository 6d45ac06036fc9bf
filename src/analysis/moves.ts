import type { Behaviour } from '../graph/behaviour.ts'
import { type Move, toldMoves } from './change-set.ts'
import type { Cut } from './cut.ts'
import { moveTexts, tlsOf } from './kind.ts'
import { type Met, meetings, type Way } from './meetings.ts'
import { makeCounts, pairNumbers } from './move-counts.ts'
import { moversFinder } from './movers.ts'
import type { Answer } from './question.ts'
import type { ValueId } from './values.ts'

/** More are summed up: a person reads a histogram, not a table. */
const shownMoves = 50

export type Moves = {
  /** The class of the box. */
  readonly of: number
  readonly moves: readonly Move[]
  /** A message that makes the most frequent move. */
  readonly example: Place
  /** Of moves that name their recipients, by their place among `moves`, a message each. */
  readonly told: ReadonlyMap<number, Place>
}

/** Atoms of a message, of each variable but the recipient, which is a fine atom. */
export type Place = { readonly atoms: readonly number[]; readonly fine: number }

/**
 * Who makes a move is named as long as there are no more kinds of recipients than this, as tables of any size have that
 * lead to some hundred targets. Of more it would take seconds, and be a list that nobody reads: then they are counted.
 */
const nameable = 20_000

/**
 * What happens inside a box, from the first part of the question to the second. Ways through the diagram that end alike
 * are walked once. `also` is a class that boxes of other classes may hold too (`absorb.ts`): no example of theirs.
 */
export function movesFinder(answer: Answer, also: number): (box: Cut) => Moves {
  const { space, product, likeness } = answer
  const everybody = answer.recipients.map((_, atom) => atom)
  const numberOf = pairNumbers(answer)
  const counts = makeCounts()
  const moversOf = moversFinder(answer)
  const isReplyAlone = ({ from, to }: Count) => space.values.isRefused(from) && space.values.isRefused(to)

  return ({ of, sets }) => {
    const inside = sets[space.dimensions.recipient] ?? everybody
    /** Of each kind of recipients the tuples that they meet in this box. */
    const encounters = likeness.examples.map(() => null as readonly Encounter[] | null)
    const met = meetings(answer, sets)
    const encountersOf = (kind: number): readonly Encounter[] => {
      const found = encountersIn(answer, met, likeness.examples[kind]!, (own) =>
        own === of ? true : own === also ? false : null,
      )
      encounters[kind] = found
      return found
    }
    counts.clear()
    // By recipient, so that one who makes the same move in several ways is counted once.
    for (const atom of inside) {
      for (const one of answer.recipients[atom]!) {
        const kind = likeness.kindOf[one]!
        const known = encounters[kind] ?? encountersOf(kind)
        const classes = space.recipients.weight[one]!
        for (let way = 0; way < known.length; way++) {
          const { fromColumn, toColumn, from, to } = known[way]!
          const before = fromColumn === null ? from : fromColumn[one]!
          const now = toColumn === null ? to : toColumn[one]!
          counts.add(numberOf(before, now), one, way, classes)
        }
      }
    }

    const first: Count[] = []
    let sum = 0
    for (let index = 0; index < counts.count(); index++) {
      const [classes, fine] = [counts.classes(index), counts.fine(index)]
      sum += classes
      const { isOwn, atoms, from, to, fromColumn, toColumn } = encounters[likeness.kindOf[fine]!]![counts.way(index)]!
      const least = first.length === shownMoves ? first[shownMoves - 1]! : null
      // What is met later and is no better than the last that is shown comes after it.
      if (least !== null && (least.isOwn === isOwn ? classes <= least.classes : least.isOwn)) continue
      const before = fromColumn === null ? from : fromColumn[fine]!
      const now = toColumn === null ? to : toColumn[fine]!
      first.push({ index, classes, from: before, to: now, isOwn, atoms, fine })
      first.sort(byImportance)
      if (first.length > shownMoves) first.pop()
    }
    const example = first[0]
    if (example === undefined) throw new Error('internal error: a box in which nothing changes')
    // Replies that read otherwise go with what is refused now or before: of these nobody wants to know more.
    const main = example.isOwn && of !== also ? first.filter((one) => !isReplyAlone(one)) : first
    const several = new Set(main.length === 1 ? [] : main.slice(0, toldMoves))
    const told = new Map<number, Place>()
    const texts = first.map((one, place): Move => {
      const [before, now] = [one.from, one.to].map((id) => space.values.get(id) as Behaviour) as [Behaviour, Behaviour]
      const tls = { from: tlsOf(before), to: tlsOf(now) }
      const leaves = tls.from !== null || tls.to !== null
      const move = { ...moveTexts(before, now), classes: Math.max(1, one.classes), ...(leaves ? { tls } : {}) }
      if (!several.has(one)) return move
      told.set(place, { atoms: one.atoms, fine: one.fine })
      if (answer.space.recipients.fine.length > nameable) return move
      return { ...move, recipients: moversOf(counts.members(one.index)) }
    })
    const others = `${counts.count() - first.length} others`
    const rest = { from: others, to: others, classes: sum - first.reduce((total, { classes }) => total + classes, 0) }
    return {
      moves: counts.count() === first.length ? texts : [...texts, rest],
      // None of its own class: what was taken over from another (`absorb.ts`) has found no company.
      of: example.isOwn ? of : also,
      example: { atoms: example.atoms, fine: example.fine },
      told,
    }
  }

  /** `isOwn` says of a class whether it is the box's, or one beside it; `null`: of none of the two. */
  function encountersIn(
    answer: Answer,
    met: Met,
    example: number,
    isOwn: (of: number) => boolean | null,
  ): readonly Encounter[] {
    const coarse = space.recipients.coarseOf[example]!
    const found: Encounter[] = []
    for (const [tuple, meeting] of met) {
      const atoms = meeting.all ?? meeting.of.get(coarse)
      if (atoms === undefined) continue
      const own = isOwn(answer.classOf(tuple, example))
      if (own === null) continue
      const [from, to] = product.tuples[tuple]!
      const [fromColumn, toColumn] = product.columns(tuple)
      found.push({ atoms, isOwn: own, from: from!, to: to!, fromColumn: fromColumn!, toColumn: toColumn! })
    }
    return found
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
  /** In the order in which they were met. */
  readonly index: number
  readonly classes: number
  readonly from: ValueId
  readonly to: ValueId
  readonly isOwn: boolean
  readonly atoms: Way
  readonly fine: number
}

/** Those of the box's own class, then those of most recipients, then as they were met. */
const byImportance = (a: Count, b: Count): number =>
  Number(b.isOwn) - Number(a.isOwn) || b.classes - a.classes || a.index - b.index
