import { mixed, roomFor } from './pair-map.ts'

/**
 * Lists of 32-bit numbers, equal ones once, numbered in the order in which they came: all in one array. They are compared
 * in full: a hash that collides costs a comparison and nothing else.
 */
export type IntLists = {
  /** The first `length` numbers of `from`, which is not kept. */
  intern(from: Int32Array, length: number): number
  lengthOf(list: number): number
  at(list: number, index: number): number
  count(): number
}

/** `expected`: about how many there will be; room is made for these at once. */
export function makeIntLists(expected = 0): IntLists {
  let pool = new Int32Array(1024)
  /** Of each list where it begins; it ends where the next begins. */
  let starts = new Int32Array(256 + expected)
  let hashes = new Int32Array(256 + expected)
  let count = 0
  /** A list and one; 0 is a free slot. */
  let slots = new Int32Array(roomFor(256 + expected))

  const isAt = (list: number, from: Int32Array, length: number): boolean => {
    const start = starts[list]!
    if (starts[list + 1]! - start !== length) return false
    for (let i = 0; i < length; i++) if (pool[start + i] !== from[i]) return false
    return true
  }
  const place = (list: number): void => {
    const mask = slots.length - 1
    let slot = hashes[list]! & mask
    while (slots[slot] !== 0) slot = (slot + 1) & mask
    slots[slot] = list + 1
  }
  const append = (from: Int32Array, length: number, hash: number): number => {
    const start = starts[count]!
    while (start + length > pool.length) pool = grown(pool)
    for (let i = 0; i < length; i++) pool[start + i] = from[i]!
    if (count + 2 > starts.length) {
      starts = grown(starts)
      hashes = grown(hashes)
    }
    const list = count++
    starts[count] = start + length
    hashes[list] = hash
    if (count * 2 > slots.length) {
      slots = new Int32Array(slots.length * 2)
      for (let each = 0; each < count; each++) place(each)
    } else place(list)
    return list
  }
  return {
    intern(from, length) {
      let hash = length
      for (let i = 0; i < length; i++) hash = mixed(Math.imul(hash, 31) ^ from[i]!)
      const mask = slots.length - 1
      for (let slot = hash & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
        const list = slots[slot]! - 1
        if (hashes[list] === hash && isAt(list, from, length)) return list
      }
      return append(from, length, hash)
    },
    lengthOf: (list) => starts[list + 1]! - starts[list]!,
    at: (list, index) => pool[starts[list]! + index]!,
    count: () => count,
  }
}

function grown(numbers: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(numbers.length * 2)
  longer.set(numbers)
  return longer
}
