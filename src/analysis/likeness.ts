import { makeIntLists } from './int-lists.ts'
import type { Recipients } from './recipients.ts'
import type { ValueId } from './values.ts'

/** Fine recipients by kinds: of one kind are those that nothing tells apart but the names of the ways they go. */
export type Likeness = {
  readonly kindOf: Int32Array
  /** Of each kind one fine recipient. */
  readonly examples: readonly number[]
}

/**
 * A kind is a coarse atom, what matters of each column (`traitOf`: equal numbers, nothing to tell apart), and which columns
 * say the same. A hundred thousand routes to as many hosts are a handful of kinds, and what holds of one holds of all.
 */
export function likenessOf(
  { fine, coarseOf }: Recipients,
  columns: readonly Int32Array[],
  traitOf: (value: ValueId) => number,
): Likeness {
  const kindOf = new Int32Array(fine.length)
  const examples: number[] = []
  const kinds = makeIntLists()
  const marks = new Int32Array(1 + columns.length * 2)
  const latest = new Int32Array(marks.length).fill(-2)
  let kind = -1
  for (let one = 0; one < kindOf.length; one++) {
    marks[0] = coarseOf[one]!
    for (let i = 0; i < columns.length; i++) {
      const value = columns[i]![one]!
      marks[1 + 2 * i] = value < 0 ? -1 : traitOf(value)
      let first = 0
      while (columns[first]![one] !== value) first++
      marks[2 + 2 * i] = first
    }
    // Neighbours are alike as a rule.
    if (!same(marks, latest)) {
      kind = kinds.intern(marks, marks.length)
      if (kind === examples.length) examples.push(one)
      latest.set(marks)
    }
    kindOf[one] = kind
  }
  return { kindOf, examples }
}

function same(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
