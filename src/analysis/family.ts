import type { PatternSet } from '../graph/box.ts'
import { makePairMap } from './pair-map.ts'
import { sortedCells } from './pattern-order.ts'
import type { StateId } from './states.ts'

/**
 * The patterns of one dimension, nested or disjoint. A cell is what a pattern matches and no pattern inside of it does:
 * the cells of a dimension divide it, and every table of it is constant on each.
 */
export type Family = {
  readonly patterns: readonly string[]
  /** Of each cell the one around it, -1 for none. */
  readonly parent: Int32Array
  /** All cells, each after the one around it. */
  readonly order: Int32Array
  /** Of each cell. */
  readonly state: Int32Array
  /** True where nothing is left for the cell itself: the patterns inside of it match all that it does. */
  readonly isEmpty: (cell: number) => boolean
  /** Where one state borders on another: all that can begin or end a part of a set. */
  readonly borders: Borders
}

/**
 * Of each border the state inside, the state around (-1 for what nothing is around), and the cells that have these: from
 * `starts[i]` on in `cells`. Flat, as there may be as many as rows.
 */
export type Borders = {
  readonly inner: Int32Array
  readonly outer: Int32Array
  readonly starts: Int32Array
  readonly cells: Int32Array
}

/** Cells by their depth: each after the one around it. */
export function orderOf(parent: Int32Array): Int32Array {
  const depth = new Int32Array(parent.length).fill(-1)
  const counts: number[] = []
  for (let cell = 0; cell < parent.length; cell++) {
    const d = depthOf(cell)
    counts[d] = (counts[d] ?? 0) + 1
  }
  const starts: number[] = []
  let sum = 0
  for (let d = 0; d < counts.length; d++) {
    starts[d] = sum
    sum += counts[d] ?? 0
  }
  const order = new Int32Array(parent.length)
  for (let cell = 0; cell < parent.length; cell++) order[starts[depth[cell]!]!++] = cell
  return order

  function depthOf(cell: number): number {
    if (depth[cell]! < 0) depth[cell] = parent[cell]! < 0 ? 0 : depthOf(parent[cell]!) + 1
    return depth[cell]!
  }
}

/** The cell around this one that is not empty, or -1. */
export function cellAround({ parent, isEmpty }: Pick<Family, 'parent' | 'isEmpty'>, cell: number): number {
  let around = parent[cell]!
  while (around >= 0 && isEmpty(around)) around = parent[around]!
  return around
}

export function bordersOf(family: Omit<Family, 'borders'>, isAmong: (cell: number) => boolean = () => true): Borders {
  const inner = new Int32Array(family.order.length)
  const outer = new Int32Array(family.order.length)
  const own = new Int32Array(family.order.length)
  let count = 0
  for (let place = 0; place < family.order.length; place++) {
    const cell = family.order[place]!
    if (!isAmong(cell) || family.isEmpty(cell)) continue
    const around = cellAround(family, cell)
    inner[count] = family.state[cell]!
    outer[count] = around < 0 ? -1 : family.state[around]!
    own[count++] = cell
  }
  return grouped(inner.subarray(0, count), outer.subarray(0, count), own.subarray(0, count))
}

/** Cells, each with the state inside and around, by these two: borders come as they were met first. */
export function grouped(inner: Int32Array, outer: Int32Array, cells: Int32Array): Borders {
  const numbers = makePairMap()
  const firsts: number[] = []
  const counts: number[] = []
  const borderOf = new Int32Array(cells.length)
  for (let i = 0; i < cells.length; i++) {
    let border = numbers.get(outer[i]!, inner[i]!)
    if (border < 0) {
      border = firsts.push(i) - 1
      counts.push(0)
      numbers.put(outer[i]!, inner[i]!, border)
    }
    counts[border]!++
    borderOf[i] = border
  }
  const starts = new Int32Array(firsts.length + 1)
  for (let border = 0; border < firsts.length; border++) starts[border + 1] = starts[border]! + counts[border]!
  const next = starts.slice()
  const sorted = new Int32Array(cells.length)
  for (let i = 0; i < cells.length; i++) sorted[next[borderOf[i]!]!++] = cells[i]!
  return {
    inner: Int32Array.from(firsts, (first) => inner[first]!),
    outer: Int32Array.from(firsts, (first) => outer[first]!),
    starts,
    cells: sorted,
  }
}

/** Asks of each border whether its cells are wanted, and sees them. */
export function eachCell(
  { inner, outer, starts, cells }: Borders,
  isWanted: (inner: StateId, outer: StateId) => boolean,
  see: (cell: number, inner: StateId) => void,
): void {
  for (let border = 0; border < inner.length; border++) {
    if (!isWanted(inner[border]!, outer[border]!)) continue
    for (let i = starts[border]!; i < starts[border + 1]!; i++) see(cells[i]!, inner[border]!)
  }
}

/**
 * Some states as patterns. A part begins where a state that is in lies in one that is not, and ends where it is the other
 * way round: the fewest patterns that say it, found without a look at what does not change sides.
 */
export function patternsOf(family: Family, isIn: (state: StateId) => boolean): PatternSet {
  const { patterns } = family
  const side = (one: StateId): boolean => one >= 0 && isIn(one)
  /** Of most parts nothing is left out. */
  const parts = new Map<number, number[] | null>()
  const begins = (inner: StateId, outer: StateId) => side(inner) && !side(outer)
  eachCell(family.borders, begins, (cell) => parts.set(cell, null))
  eachCell(
    family.borders,
    (inner, outer) => !side(inner) && side(outer),
    (cell) => {
      let around = cellAround(family, cell)
      while (!parts.has(around)) around = cellAround(family, around)
      const part = parts.get(around)
      if (part) part.push(cell)
      else parts.set(around, [cell])
    },
  )
  const found: { readonly pattern: string; readonly except: readonly string[] }[] = []
  const begun = sortedCells(patterns, Int32Array.from(parts.keys()))
  for (let i = 0; i < begun.length; i++) {
    const cells = parts.get(begun[i]!)
    found.push({ pattern: patterns[begun[i]!]!, except: cells ? inOrder(patterns, cells) : nothing })
  }
  return found
}

const nothing: readonly string[] = []

function inOrder(patterns: readonly string[], cells: readonly number[]): string[] {
  const sorted = sortedCells(patterns, cells)
  const found: string[] = []
  for (let i = 0; i < sorted.length; i++) found.push(patterns[sorted[i]!]!)
  return found
}
