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
  let prefix = ''
  return () => {
    const at = now()
    if (at !== latest) {
      latest = at
      prefix = text(at, 9)
    }
    count = (count + 1) % counts
    return prefix + text(count, 4)
  }
}

/** Epoch ms at which an id was made, for a look at what is kept by time; `null` for what is no id of ours. */
export function timeOfId(id: string): number | null {
  if (!/^[0-9A-HJKMNP-TV-Z]{13}$/.test(id)) return null
  let value = 0
  for (const digit of id.slice(0, 9)) value = value * 32 + digits.indexOf(digit)
  return value
}

function text(value: number, length: number): string {
  let out = ''
  for (let rest = value; out.length < length; rest = Math.floor(rest / 32)) out = digits[rest % 32] + out
  return out
}
