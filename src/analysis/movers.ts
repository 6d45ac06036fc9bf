import type { PatternSet } from '../graph/box.ts'
import { mailboxPatterns, remembered } from './describe.ts'
import type { Borders } from './family.ts'
import type { Mailboxes } from './mailboxes.ts'
import type { Answer } from './question.ts'
import type { StateId } from './states.ts'

/** Fine recipients as patterns: who makes a move. The same ones move in several boxes, as a rule. */
export function moversFinder({ space }: Answer): (fine: readonly number[]) => PatternSet {
  const { family, fineOf, fine } = space.recipients
  let around: ((states: Iterable<StateId>) => Mailboxes) | null = null
  return remembered((chosen) => {
    around ??= surroundings(family)
    const part = around(Array.from(chosen, (one) => fine[one]!))
    return mailboxPatterns(part, (state) => {
      const one = fineOf(state)
      return one === undefined ? null : chosen.has(one)
    })
  })
}

/**
 * The family with no borders but those at which some of these states can begin or end: of 100,000 routes to as many hosts
 * a move has a handful, and is not to ask all others.
 */
function surroundings(family: Mailboxes): (states: Iterable<StateId>) => Mailboxes {
  const { borders, own, states, locals } = family
  const atBorder = new Map<StateId, number[]>()
  const atOwn = new Map<StateId, number[]>()
  const add = (places: Map<StateId, number[]>, state: StateId, index: number) => {
    const known = places.get(state)
    if (known === undefined) places.set(state, [index])
    else if (known.at(-1) !== index) known.push(index)
  }
  /** As it is, and with each local part of its own. */
  const addAll = (places: Map<StateId, number[]>, state: StateId, index: number) => {
    if (state < 0) return
    add(places, state, index)
    for (const { changes } of locals) add(places, states.after(state, changes), index)
  }
  for (let index = 0; index < borders.inner.length; index++) {
    addAll(atBorder, borders.inner[index]!, index)
    addAll(atBorder, borders.outer[index]!, index)
  }
  for (const [index, { inner, outer }] of own.entries()) {
    add(atOwn, inner, index)
    addAll(atOwn, outer, index)
  }
  const near = (places: ReadonlyMap<StateId, readonly number[]>, chosen: Iterable<StateId>): number[] => {
    const found = new Set<number>()
    for (const state of chosen) for (const index of places.get(state) ?? []) found.add(index)
    return [...found].sort((a, b) => a - b)
  }
  return (chosen) => {
    const wanted = [...chosen]
    return {
      ...family,
      borders: bordersAmong(borders, near(atBorder, wanted)),
      own: near(atOwn, wanted).map((index) => own[index]!),
    }
  }
}

function bordersAmong({ inner, outer, starts, cells }: Borders, wanted: readonly number[]): Borders {
  const first = new Int32Array(wanted.length + 1)
  for (const [i, index] of wanted.entries()) first[i + 1] = first[i]! + starts[index + 1]! - starts[index]!
  const among = new Int32Array(first[wanted.length]!)
  for (const [i, index] of wanted.entries()) among.set(cells.subarray(starts[index]!, starts[index + 1]!), first[i]!)
  return {
    inner: Int32Array.from(wanted, (index) => inner[index]!),
    outer: Int32Array.from(wanted, (index) => outer[index]!),
    starts: first,
    cells: among,
  }
}
