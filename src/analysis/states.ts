import type { CanonId } from './canon.ts'
import { makeIntLists } from './int-lists.ts'
import { makePairMap } from './pair-map.ts'

/** Number of a state: for every table of a dimension, the label that it gives. Equal states have one number. */
export type StateId = number
/** Number of a list of changes. */
export type ChangesId = number

/**
 * States of the tables of one dimension. A row changes the label of its table for all that its pattern matches, so the
 * state of a pattern is that of the one around it and its changes: nothing is ever compared label by label, and a hundred
 * thousand rows cost as many look-ups. Only labels that are not the table's `otherwise` are kept.
 */
export type States = {
  /** Where no row matches. */
  readonly root: StateId
  readonly noChanges: ChangesId
  /** The list with one more change; tables come in ascending order. */
  also(changes: ChangesId, table: number, label: CanonId): ChangesId
  after(state: StateId, changes: ChangesId): StateId
  labelOf(state: StateId, table: number): CanonId
  /** Those that are not their table's `otherwise`, in ascending order of tables. */
  eachLabel(state: StateId, see: (table: number, label: CanonId) => void): void
  count(): number
}

/** `otherwise`: of each table; `rows`: about how many states there may be. */
export function makeStates(otherwise: readonly CanonId[], rows = 0): States {
  // A list of changes, or a state, is (table, label), (table, label), ... in ascending order of tables.
  const lists = makeIntLists(rows)
  const states = makeIntLists(rows)
  const moves = makePairMap(rows)
  const scratch = new Int32Array(2 * otherwise.length + 2)
  const noChanges = lists.intern(scratch, 0)
  const root = states.intern(scratch, 0)

  /** The state with its changes, into `scratch`. Gives the length. */
  const merge = (state: StateId, changes: ChangesId): number => {
    const own = states.lengthOf(state)
    const length = lists.lengthOf(changes)
    let made = 0
    let s = 0
    const put = (table: number, label: number) => {
      scratch[made++] = table
      scratch[made++] = label
    }
    for (let c = 0; c < length; c += 2) {
      const table = lists.at(changes, c)
      const label = lists.at(changes, c + 1)
      for (; s < own && states.at(state, s) < table; s += 2) put(states.at(state, s), states.at(state, s + 1))
      if (s < own && states.at(state, s) === table) s += 2
      if (label !== otherwise[table]) put(table, label)
    }
    for (; s < own; s += 2) put(states.at(state, s), states.at(state, s + 1))
    return made
  }

  return {
    root,
    noChanges,
    count: states.count,
    also(changes, table, label) {
      const length = lists.lengthOf(changes)
      for (let i = 0; i < length; i++) scratch[i] = lists.at(changes, i)
      scratch[length] = table
      scratch[length + 1] = label
      return lists.intern(scratch, length + 2)
    },
    after(state, changes) {
      if (changes === noChanges) return state
      const known = moves.get(state, changes)
      if (known >= 0) return known
      const next = states.intern(scratch, merge(state, changes))
      moves.put(state, changes, next)
      return next
    },
    labelOf(state, table) {
      const length = states.lengthOf(state)
      for (let i = 0; i < length; i += 2) if (states.at(state, i) === table) return states.at(state, i + 1)
      return otherwise[table]!
    },
    eachLabel(state, see) {
      const length = states.lengthOf(state)
      for (let i = 0; i < length; i += 2) see(states.at(state, i), states.at(state, i + 1))
    },
  }
}
