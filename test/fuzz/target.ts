/**
 * Something that takes octets of strangers. `once` throws when what it does breaks a rule; it may also hang or keep
 * memory, which the runner (`scripts/fuzz.js`) sees from outside.
 */
export type FuzzTarget = {
  /** Inputs to begin with. */
  readonly seeds: readonly Buffer[]
  /** Pieces that mean something there, put into inputs now and then. */
  readonly words: readonly string[]
  once(input: Buffer, random: Random): void | Promise<void>
}

/** A whole number below `below`, the same sequence for the same seed. */
export type Random = (below: number) => number

export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/** Another input made of one that was there: octets changed, cut, doubled, words put in, two inputs joined. */
export function mutated(input: Buffer, other: Buffer, words: readonly string[], random: Random): Buffer {
  let octets = Buffer.from(input)
  for (let times = 1 + random(4); times > 0; times--) {
    const at = random(octets.length + 1)
    const to = Math.min(octets.length, at + random(20))
    switch (random(7)) {
      case 0:
        if (octets.length > 0) octets[at % octets.length] = random(256)
        break
      case 1:
        octets = Buffer.concat([octets.subarray(0, at), octets.subarray(to)])
        break
      case 2:
        octets = Buffer.concat([octets.subarray(0, to), octets.subarray(at)])
        break
      case 3:
        octets = Buffer.concat([
          octets.subarray(0, at),
          Buffer.from(words[random(words.length)] ?? '', 'latin1'),
          octets.subarray(at),
        ])
        break
      case 4:
        octets = Buffer.concat([octets.subarray(0, at), other.subarray(random(other.length + 1))])
        break
      case 5:
        octets = Buffer.concat([
          octets.subarray(0, at),
          Buffer.alloc(1 + random(random(10) === 0 ? 3000 : 60), random(256)),
          octets.subarray(at),
        ])
        break
      default:
        octets = Buffer.concat([octets.subarray(0, at), Buffer.from([13, 10].slice(random(2))), octets.subarray(at)])
    }
  }
  return octets.subarray(0, 5000)
}

/** The octets in segments of any lengths, as a network brings them. */
export function segments(octets: Buffer, random: Random): Buffer[] {
  const all: Buffer[] = []
  const most = [1, 3, 40, 2000][random(4)] as number
  for (let at = 0; at < octets.length; ) {
    const length = 1 + random(most)
    all.push(Buffer.from(octets.subarray(at, at + length)))
    at += length
  }
  return all
}
