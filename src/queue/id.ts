import { randomInt } from 'node:crypto'

/** Crockford's base 32: no I, L, O, U, so that an id survives being read out on the telephone. */
const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

const counts = 32 ** 4

/**
 * Makes queue ids: nine digits of time (ms), four that count on from a random number. They sort by time, and repeat
 * neither within a process nor, but for one chance in a million, after the clock was set back.
 */
export function makeIds(
  now: () => number,
  random: (limit: number) => number = (limit) => randomInt(limit),
): () => string {
  let count = random(counts)
  let latest = -1
  // Written as octets, as an id is kept for as long as its message: a text put together of parts keeps the parts too.
  const octets = Buffer.alloc(13)
  return () => {
    const at = now()
    if (at !== latest) {
      latest = at
      put(octets, 0, 9, at)
    }
    count = (count + 1) % counts
    put(octets, 9, 13, count)
    return octets.toString('latin1')
  }
}

/** Epoch ms at which an id was made, for a look at what is kept by time; `null` for what is no id of ours. */
export function timeOfId(id: string): number | null {
  if (!/^[0-9A-HJKMNP-TV-Z]{13}$/.test(id)) return null
  let value = 0
  for (const digit of id.slice(0, 9)) value = value * 32 + digits.indexOf(digit)
  return value
}

function put(octets: Buffer, from: number, end: number, value: number): void {
  let rest = value
  for (let i = end - 1; i >= from; i--) {
    octets[i] = digits.charCodeAt(rest % 32)
    rest = Math.floor(rest / 32)
  }
}
