import { byCodeUnits } from '../graph/pattern.ts'

/** Patterns of a family in the order of their code units. Made once: sets of cells are then sorted as numbers. */
export type PatternOrder = {
  /** Of each cell its place. */
  readonly rank: Int32Array
  /** Of each place its cell. */
  readonly cells: Int32Array
}

// By the list of patterns, which families that are merged share with the one they come from.
const known = new WeakMap<readonly string[], PatternOrder>()

export function patternOrder(patterns: readonly string[]): PatternOrder {
  let order = known.get(patterns)
  if (order === undefined) {
    // Cells are in the order of a few tables, each of which is sorted: little is left to sort.
    const sorted = new Array<number>(patterns.length)
    for (let cell = 0; cell < sorted.length; cell++) sorted[cell] = cell
    sorted.sort((a, b) => byCodeUnits(patterns[a]!, patterns[b]!))
    const cells = Int32Array.from(sorted)
    const rank = new Int32Array(cells.length)
    for (let place = 0; place < cells.length; place++) rank[cells[place]!] = place
    order = { rank, cells }
    known.set(patterns, order)
  }
  return order
}

/** These cells in the order of their patterns. */
export function sortedCells(patterns: readonly string[], cells: readonly number[] | Int32Array): Int32Array {
  const order = patternOrder(patterns)
  const places = new Int32Array(cells.length)
  for (let i = 0; i < places.length; i++) places[i] = order.rank[cells[i]!]!
  places.sort()
  for (let i = 0; i < places.length; i++) places[i] = order.cells[places[i]!]!
  return places
}
