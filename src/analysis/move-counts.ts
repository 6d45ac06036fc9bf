import { makePairMap } from './pair-map.ts'
import type { Answer } from './question.ts'
import type { ValueId } from './values.ts'

/** Values of which lists are kept; the pairs of others are looked up. */
const maxLists = 64

/** Numbers pairs of values from 0 on. Most pairs hold a value that is no recipient's own: for that one a list is kept. */
export function pairNumbers({ space, product }: Answer): (from: ValueId, to: ValueId) => number {
  const count = space.values.count()
  /** Of each value its list and one; 0 is none. */
  const listed = new Uint8Array(count)
  let lists = 0
  for (const [tuple, values] of product.tuples.entries()) {
    for (const side of [0, 1]) {
      const value = values[side]!
      if (lists < maxLists && product.columns(tuple)[side] === null && listed[value] === 0) listed[value] = ++lists
    }
  }
  const rows: (Int32Array | undefined)[] = []
  const columns: (Int32Array | undefined)[] = []
  const others = makePairMap()
  let numbers = 0
  return (from, to) => {
    const row = listed[from]!
    const list = row !== 0 ? row : listed[to]!
    if (list === 0) {
      let number = others.get(from, to)
      if (number < 0) {
        number = numbers++
        others.put(from, to, number)
      }
      return number
    }
    const known = row !== 0 ? rows : columns
    known[list] ??= new Int32Array(count).fill(-1)
    const numbersOf = known[list]
    const other = row !== 0 ? to : from
    if (numbersOf[other]! < 0) numbersOf[other] = numbers++
    return numbersOf[other]!
  }
}

/**
 * Moves in the order in which they are met: of each how many classes make it, and who made it first, and last, by which of
 * the ways of their kind; with `keepsMembers`, who else does. Flat, as there may be as many moves as recipients, in each box; `clear` begins the next box.
 */
export function makeCounts(keepsMembers: boolean) {
  let count = 0
  let round = 0
  /** Of each pair the round in which it was met last, and its place in that. */
  let rounds = new Int32Array(64)
  let places = new Int32Array(64)
  let classes = new Float64Array(64)
  let fine = new Int32Array(64)
  let last = new Int32Array(64)
  let ways = new Int32Array(64)
  /** Recipients by move, as chains: of each move the latest link and one, of each link who it is and the link before. */
  let chains = new Int32Array(64)
  let members = new Int32Array(64)
  let before = new Int32Array(64)
  let links = 0
  const link = (index: number, one: number, to: number): void => {
    if (!keepsMembers) return
    if (links === members.length) {
      members = twice(members, new Int32Array(links * 2))
      before = twice(before, new Int32Array(links * 2))
    }
    members[links] = one
    before[links] = to
    chains[index] = ++links
  }
  return {
    clear(): void {
      count = 0
      links = 0
      round++
    },
    count: () => count,
    classes: (index: number): number => classes[index]!,
    fine: (index: number): number => fine[index]!,
    way: (index: number): number => ways[index]!,
    /** All who make this move, sorted. */
    members(index: number): readonly number[] {
      const found: number[] = []
      for (let at = chains[index]!; at > 0; at = before[at - 1]!) found.push(members[at - 1]!)
      return found.sort((a, b) => a - b)
    },
    add(pair: number, one: number, way: number, own: number): void {
      while (pair >= rounds.length) {
        rounds = twice(rounds, new Int32Array(rounds.length * 2))
        places = twice(places, new Int32Array(places.length * 2))
      }
      if (rounds[pair] === round) {
        const index = places[pair]!
        if (last[index] === one) return
        last[index] = one
        classes[index]! += own
        link(index, one, chains[index]!)
        return
      }
      if (count === fine.length) {
        classes = twice(classes, new Float64Array(count * 2))
        fine = twice(fine, new Int32Array(count * 2))
        last = twice(last, new Int32Array(count * 2))
        ways = twice(ways, new Int32Array(count * 2))
        chains = twice(chains, new Int32Array(count * 2))
      }
      rounds[pair] = round
      places[pair] = count
      classes[count] = own
      fine[count] = one
      last[count] = one
      link(count, one, 0)
      ways[count++] = way
    },
  }
}

function twice<T extends Float64Array | Int32Array>(from: T, into: T): T {
  into.set(from)
  return into
}
