import type { PatternSet } from '../graph/box.ts'
import { byCodeUnits } from '../graph/pattern.ts'
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
  readonly borders: readonly Border[]
}

/** Cells of one state inside of cells of one other state; `outer` is `null` for what nothing is around. */
export type Border = { readonly inner: StateId; readonly outer: StateId | null; readonly cells: readonly number[] }

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

export function bordersOf(family: Omit<Family, 'borders'>, isAmong: (cell: number) => boolean = () => true): Border[] {
  const groups = new Map<number, Map<number, number[]>>()
  for (const cell of family.order) {
    if (!isAmong(cell) || family.isEmpty(cell)) continue
    const around = cellAround(family, cell)
    const outer = around < 0 ? -1 : family.state[around]!
    let inside = groups.get(outer)
    if (inside === undefined) {
      inside = new Map()
      groups.set(outer, inside)
    }
    const cells = inside.get(family.state[cell]!)
    if (cells === undefined) inside.set(family.state[cell]!, [cell])
    else cells.push(cell)
  }
  return [...groups].flatMap(([outer, inside]) =>
    [...inside].map(([inner, cells]) => ({ inner, outer: outer < 0 ? null : outer, cells })),
  )
}

/**
 * Some states as patterns. A part begins where a state that is in lies in one that is not, and ends where it is the other
 * way round: the fewest patterns that say it, found without a look at what does not change sides.
 */
export function patternsOf(family: Family, isIn: (state: StateId) => boolean): PatternSet {
  const { patterns } = family
  const side = (one: StateId | null): boolean => one !== null && isIn(one)
  const parts = new Map<number, string[]>()
  for (const { inner, outer, cells } of family.borders)
    if (side(inner) && !side(outer)) for (const cell of cells) parts.set(cell, [])
  for (const { inner, outer, cells } of family.borders) {
    if (side(inner) || !side(outer)) continue
    for (const cell of cells) {
      let around = cellAround(family, cell)
      while (!parts.has(around)) around = cellAround(family, around)
      parts.get(around)!.push(patterns[cell]!)
    }
  }
  return [...parts]
    .map(([cell, except]) => ({ pattern: patterns[cell]!, except: except.sort(byCodeUnits) }))
    .sort((a, b) => byCodeUnits(a.pattern, b.pattern))
}
