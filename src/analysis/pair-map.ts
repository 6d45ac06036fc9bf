/**
 * Numbers by pairs of numbers (each from -2^31 up to 2^31): what a `Map` of texts does, in three flat arrays. Of a hundred
 * thousand rows nothing is left for the garbage collector to look at.
 */
export type PairMap = {
  /** -1: not there. */
  get(a: number, b: number): number
  /** From 0 on. A pair is put in once. */
  put(a: number, b: number, value: number): void
}

/** `expected`: about how many there will be; room is made for these at once. */
export function makePairMap(expected = 0): PairMap {
  const firstSlots = roomFor(32 + expected)
  let as = new Int32Array(firstSlots)
  let bs = new Int32Array(firstSlots)
  /** The value and one; 0 is a free slot. */
  let values = new Int32Array(firstSlots)
  let count = 0

  /** Where the pair is, or the free slot in which it would be. */
  const slotOf = (a: number, b: number): number => {
    const mask = values.length - 1
    let slot = mixed(Math.imul(a, 0x9e3779b1) ^ b) & mask
    while (values[slot] !== 0 && (as[slot] !== a || bs[slot] !== b)) slot = (slot + 1) & mask
    return slot
  }
  const write = (a: number, b: number, value: number): void => {
    const slot = slotOf(a, b)
    as[slot] = a
    bs[slot] = b
    values[slot] = value
  }
  const grow = (): void => {
    const [oldAs, oldBs, old] = [as, bs, values]
    as = new Int32Array(old.length * 2)
    bs = new Int32Array(old.length * 2)
    values = new Int32Array(old.length * 2)
    for (let slot = 0; slot < old.length; slot++) {
      if (old[slot] !== 0) write(oldAs[slot]!, oldBs[slot]!, old[slot]!)
    }
  }
  return {
    get: (a, b) => values[slotOf(a, b)]! - 1,
    put(a, b, value) {
      if (++count * 2 > values.length) grow()
      write(a, b, value + 1)
    },
  }
}

/** Slots for so many, half of which stay free: a power of two. */
export const roomFor = (count: number): number => 2 ** Math.ceil(Math.log2(count * 2))

/** Spreads the bits of a hash, so that its low ones may be taken (the finalizer of MurmurHash3). */
export function mixed(hash: number): number {
  let bits = hash ^ (hash >>> 16)
  bits = Math.imul(bits, 0x85ebca6b)
  bits ^= bits >>> 13
  bits = Math.imul(bits, 0xc2b2ae35)
  return bits ^ (bits >>> 16)
}
