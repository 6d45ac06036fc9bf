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

/**
 * The cells of one colour as patterns. A part begins where the colour does, and ends where it ends: the fewest patterns
 * that say it. `colourOf` a cell that is empty is never asked: it takes the colour of what is inside of it.
 */
export function patternsOf(
  family: Family,
  isIn: (state: StateId, cell: number) => boolean,
  among: (cell: number) => boolean = () => true,
): PatternSet {
  const { order, parent, patterns, state } = family
  const colour = new Int8Array(patterns.length).fill(-1)
  for (let i = order.length - 1; i >= 0; i--) {
    const cell = order[i]!
    if (!among(cell)) continue
    // What is empty has by now been coloured by a cell inside of it, if there is one.
    if (!family.isEmpty(cell)) colour[cell] = isIn(state[cell]!, cell) ? 1 : 0
    const around = parent[cell]!
    if (around >= 0 && family.isEmpty(around) && colour[cell]! >= 0) colour[around] = colour[cell]!
  }
  const parts: { pattern: string; except: string[] }[] = []
  const partOf = new Int32Array(patterns.length).fill(-1)
  for (const cell of order) {
    if (!among(cell) || colour[cell]! < 0) continue
    const around = parent[cell]!
    const outer = around >= 0 ? partOf[around]! : -1
    const isWithin = around >= 0 && colour[around] === 1
    if (colour[cell] === 1) {
      partOf[cell] = isWithin ? outer : parts.push({ pattern: patterns[cell]!, except: [] }) - 1
    } else if (isWithin) parts[outer]!.except.push(patterns[cell]!)
  }
  for (const part of parts) part.except.sort(byCodeUnits)
  return parts.sort((a, b) => byCodeUnits(a.pattern, b.pattern))
}
