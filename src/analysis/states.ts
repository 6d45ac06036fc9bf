import type { CanonId } from './canon.ts'

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

/** `otherwise`: of each table. */
export function makeStates(otherwise: readonly CanonId[]): States {
  // A list of changes, or a state, is a chain of (table, label) in ascending order of tables.
  const lists: (readonly number[])[] = [[]]
  /** Of each table, by what came before and the label. */
  const chains = otherwise.map(() => new Map<number, ChangesId>())
  const states: (readonly number[])[] = [[]]
  const byText = new Map<string, StateId>([['', 0]])
  const moves = new Map<number, StateId>()

  const intern = (pairs: number[]): StateId => {
    const text = pairs.join(' ')
    let state = byText.get(text)
    if (state === undefined) {
      state = states.push(pairs) - 1
      byText.set(text, state)
    }
    return state
  }

  return {
    root: 0,
    noChanges: 0,
    count: () => states.length,
    also(changes, table, label) {
      const chain = chains[table]!
      const key = changes * 2 ** 26 + label
      let longer = chain.get(key)
      if (longer === undefined) {
        const list = lists[changes]!
        longer = lists.push([...list, table, label]) - 1
        chain.set(key, longer)
      }
      return longer
    },
    after(state, changes) {
      if (changes === 0) return state
      const key = state * 2 ** 26 + changes
      let next = moves.get(key)
      if (next === undefined) {
        next = intern(merged(states[state]!, lists[changes]!, otherwise))
        moves.set(key, next)
      }
      return next
    },
    labelOf(state, table) {
      const pairs = states[state]!
      for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === table) return pairs[i + 1]!
      return otherwise[table]!
    },
    eachLabel(state, see) {
      const pairs = states[state]!
      for (let i = 0; i < pairs.length; i += 2) see(pairs[i]!, pairs[i + 1]!)
    },
  }
}

function merged(state: readonly number[], changes: readonly number[], otherwise: readonly CanonId[]): number[] {
  const pairs: number[] = []
  let s = 0
  for (let c = 0; c < changes.length; c += 2) {
    const table = changes[c]!
    for (; s < state.length && state[s]! < table; s += 2) pairs.push(state[s]!, state[s + 1]!)
    if (s < state.length && state[s] === table) s += 2
    if (changes[c + 1] !== otherwise[table]) pairs.push(table, changes[c + 1]!)
  }
  for (; s < state.length; s++) pairs.push(state[s]!)
  return pairs
}
