import type { Behaviour } from '../graph/behaviour.ts'
import { type Move, toldMoves } from './change-set.ts'
import type { Cut } from './cut.ts'
import { moveTexts, tlsOf } from './kind.ts'
import { type Met as Meetings, meetings, type Way } from './meetings.ts'
import { moversFinder } from './movers.ts'
import type { Answer } from './question.ts'
import { type Count, type Encounter, type Met, tallies } from './tally.ts'

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
  const isNameable = space.recipients.fine.length <= nameable
  const moversOf = moversFinder(answer)
  const isReplyAlone = ({ from, to }: Met) => space.values.isRefused(from) && space.values.isRefused(to)
  /** Whoever may be told (`several`, in a box of this class or that). */
  const toldAmong = (first: readonly Met[]): readonly Met[] =>
    first.length < 2
      ? []
      : [...first.slice(0, toldMoves), ...first.filter((one) => !isReplyAlone(one)).slice(0, toldMoves)]
  const tallyOf = tallies(answer, shownMoves, isNameable ? toldAmong : null)

  return ({ of, sets }) => {
    const inside = sets[space.dimensions.recipient] ?? everybody
    const met = meetings(answer, sets)
    /** Of each kind of recipients the tuples that they meet in this box. */
    const encounters: (readonly Encountered[])[] = []
    const { first, count, classes } = tallyOf(inside, (kind) => {
      encounters[kind] = encountersIn(answer, met, likeness.examples[kind]!, (own) =>
        own === of ? true : own === also ? false : null,
      )
      return encounters[kind]!
    })
    const placeOf = ({ fine, way }: Count): Place => ({ atoms: encounters[likeness.kindOf[fine]!]![way]!.atoms, fine })
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
      told.set(place, placeOf(one))
      return one.members === null ? move : { ...move, recipients: moversOf(one.members) }
    })
    const others = `${count - first.length} others`
    const rest = { from: others, to: others, classes: classes - first.reduce((total, one) => total + one.classes, 0) }
    return {
      moves: count === first.length ? texts : [...texts, rest],
      // None of its own class: what was taken over from another (`absorb.ts`) has found no company.
      of: example.isOwn ? of : also,
      example: placeOf(example),
      told,
    }
  }

  /** `isOwn` says of a class whether it is the box's, or one beside it; `null`: of none of the two. */
  function encountersIn(
    answer: Answer,
    met: Meetings,
    example: number,
    isOwn: (of: number) => boolean | null,
  ): readonly Encountered[] {
    const coarse = space.recipients.coarseOf[example]!
    const found: Encountered[] = []
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

/** An encounter, and a way on which it happens. */
type Encountered = Encounter & { readonly atoms: Way }
