/**
 * Says whether data that came from outside have the shape they claim. Everything here throws `ShapeError` with the place
 * and what was wanted; nothing is ever read from the prototype, and an unknown key is wrong.
 */
export class ShapeError extends Error {
  constructor(where: string, expected: string, got: unknown) {
    super(`${where}: expected ${expected}, got ${brief(got)}`)
    this.name = 'ShapeError'
  }
}

export type Check = (value: unknown, where: string) => void

/** At most a line of what came: a hostile value can be as long as it likes. */
function brief(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 60)}...` : text
}

export function text(pattern: RegExp, expected: string): Check {
  return (value, where) => {
    if (typeof value !== 'string' || !pattern.test(value)) throw new ShapeError(where, expected, value)
  }
}

export function whole(min: number, max: number): Check {
  return (value, where) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
      throw new ShapeError(where, `a whole number from ${min} to ${max}`, value)
    }
  }
}

export function oneOf(...values: readonly (string | boolean)[]): Check {
  return (value, where) => {
    if (!values.includes(value as string)) throw new ShapeError(where, `one of ${values.join(', ')}`, value)
  }
}

export function orNull(check: Check): Check {
  return (value, where) => {
    if (value !== null) check(value, where)
  }
}

export function listOf(check: Check, max = 10_000_000): Check {
  return (value, where) => {
    if (!Array.isArray(value)) throw new ShapeError(where, 'a list', value)
    if (value.length > max) throw new ShapeError(where, `at most ${max} elements`, value.length)
    for (let i = 0; i < value.length; i++) check(value[i], `${where}[${i}]`)
  }
}

/** Exactly these keys; those of `optional` may be absent. */
export function record(keys: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check {
  const checks = new Map(Object.entries({ ...keys, ...optional }))
  const needed = Object.keys(keys)
  return (value, where) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new ShapeError(where, 'an object', value)
    for (const key of needed)
      if (!Object.hasOwn(value, key)) throw new ShapeError(`${where}.${key}`, 'a value', undefined)
    for (const key of Object.keys(value)) {
      const check = checks.get(key)
      if (check === undefined) throw new ShapeError(where, `only ${[...checks.keys()].join(', ')}`, key)
      check((value as Record<string, unknown>)[key], `${where}.${key}`)
    }
  }
}

/** One line of ordinary text: no control characters, of a length that nobody minds. */
export const line = text(/^[^\x00-\x1f\x7f-\x9f]{0,1000}$/, 'a line of text')
/** Several lines, divided by `\n`; a bare CR here would become a forged reply on the wire. */
export const lines = text(/^[^\x00-\x09\x0b-\x1f\x7f-\x9f]{0,2000}$/, 'lines of text')
