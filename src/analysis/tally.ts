import { makeCounts, pairNumbers } from './move-counts.ts'
import type { Answer } from './question.ts'
import type { ValueId } from './values.ts'

/** A tuple that recipients of a kind meet; where it holds a token, what that means for each. */
export type Encounter = {
  /** Of the class that is counted, and not of the one beside it. */
  readonly isOwn: boolean
  readonly from: ValueId
  readonly to: ValueId
  readonly fromColumn: Int32Array | null
  readonly toColumn: Int32Array | null
}

export type Count = {
  /** In the order in which they were met. */
  readonly index: number
  readonly classes: number
  readonly from: ValueId
  readonly to: ValueId
  readonly isOwn: boolean
  /** Who made it first, and by which of the encounters of its kind. */
  readonly fine: number
  readonly way: number
  /** All who make it, sorted; `null` where nobody is going to name them. */
  readonly members: readonly number[] | null
}

export type Met = Omit<Count, 'members'>

/** `first`: the most important moves, as many as are shown; `count` and `classes` are of all. */
export type Tally = { readonly count: number; readonly classes: number; readonly first: readonly Count[] }

/**
 * Counts the moves that these recipients (atoms of the answer) make by the encounters of their kinds. Many boxes differ in
 * their clients and senders alone: what is met by the same recipients in the same columns is counted once. `named` says of
 * the most important ones whose members are wanted; `null`: of none.
 */
export function tallies(
  answer: Answer,
  shown: number,
  named: ((first: readonly Met[]) => readonly Met[]) | null,
): (inside: readonly number[], encountersOf: (kind: number) => readonly Encounter[]) => Tally {
  const { space, likeness, recipients, atomOfFine } = answer
  const numberOf = pairNumbers(answer)
  const counts = makeCounts(named !== null)
  const kindsOf: number[][] = recipients.map(() => [])
  for (const [kind, example] of likeness.examples.entries()) kindsOf[atomOfFine[example]!]!.push(kind)
  const columns = new Map<Int32Array, number>()
  const known = new Map<string, Tally>()

  const columnName = (column: Int32Array | null, value: ValueId): string => {
    if (column === null) return `${value}`
    const number = columns.get(column) ?? columns.size
    columns.set(column, number)
    return `c${number}`
  }
  const nameOf = (encounters: readonly Encounter[]): string =>
    encounters
      .map(
        ({ isOwn, from, to, fromColumn, toColumn }) =>
          `${columnName(fromColumn, from)}${isOwn ? '>' : '-'}${columnName(toColumn, to)}`,
      )
      .join(' ')

  const counted = (inside: readonly number[], encounters: readonly (readonly Encounter[] | undefined)[]): Tally => {
    counts.clear()
    // By recipient, so that one who makes the same move in several ways is counted once.
    for (const atom of inside) {
      for (const one of recipients[atom]!) {
        const met = encounters[likeness.kindOf[one]!]!
        const classes = space.recipients.weight[one]!
        for (let way = 0; way < met.length; way++) {
          const { fromColumn, toColumn, from, to } = met[way]!
          const before = fromColumn === null ? from : fromColumn[one]!
          const now = toColumn === null ? to : toColumn[one]!
          counts.add(numberOf(before, now), one, way, classes)
        }
      }
    }
    const first: Met[] = []
    let sum = 0
    for (let index = 0; index < counts.count(); index++) {
      const classes = counts.classes(index)
      sum += classes
      const fine = counts.fine(index)
      const way = counts.way(index)
      const { isOwn, from, to, fromColumn, toColumn } = encounters[likeness.kindOf[fine]!]![way]!
      const least = first.length === shown ? first[shown - 1]! : null
      // What is met later and is no better than the last that is shown comes after it.
      if (least !== null && (least.isOwn === isOwn ? classes <= least.classes : least.isOwn)) continue
      const before = fromColumn === null ? from : fromColumn[fine]!
      const now = toColumn === null ? to : toColumn[fine]!
      first.push({ index, classes, from: before, to: now, isOwn, fine, way })
      first.sort(byImportance)
      if (first.length > shown) first.pop()
    }
    const isNamed = new Set(named?.(first))
    const whole = first.map((one) => ({ ...one, members: isNamed.has(one) ? counts.members(one.index) : null }))
    return { count: counts.count(), classes: sum, first: whole }
  }

  return (inside, encountersOf) => {
    const encounters: (readonly Encounter[] | undefined)[] = []
    let key = inside.join(' ')
    for (const atom of inside) {
      for (const kind of kindsOf[atom]!) {
        const met = encountersOf(kind)
        encounters[kind] = met
        key += `\n${nameOf(met)}`
      }
    }
    const before = known.get(key)
    if (before !== undefined) return before
    const tally = counted(inside, encounters)
    known.set(key, tally)
    return tally
  }
}

/** Those of the box's own class, then those of most recipients, then as they were met. */
const byImportance = (a: Met, b: Met): number =>
  Number(b.isOwn) - Number(a.isOwn) || b.classes - a.classes || a.index - b.index
