import { ok, type Result, wrong } from './result.ts'

const unitMs = new Map([
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
])

/** Longest time a document may name. Node's timers overflow beyond 2^31-1 ms (24.8 days) and fire at once. */
export const maxDurationMs = 24 * 86_400_000

/**
 * Reads `'5m'`, `'90s'`, `'1h30m'`, `'5d'` as milliseconds. Units fall from days to seconds, each at most once.
 * A bare number is refused: seconds, minutes and hours were confused in every predecessor (see docs/glossary.md).
 */
export function parseDuration(text: string): Result<number> {
  const expected = "expected a time with its unit, such as '30s', '5m', '1h30m' or '5d'"
  const got = `${expected}, got ${JSON.stringify(text)}`
  if (!/^(?:\d{1,9}[a-z]+)+$/.test(text)) return wrong(got)
  let total = 0
  let smallest = Number.POSITIVE_INFINITY
  for (const [, count = '', unit = ''] of text.matchAll(/(\d+)([a-z]+)/g)) {
    const size = unitMs.get(unit)
    if (size === undefined || size >= smallest) return wrong(got)
    smallest = size
    total += Number(count) * size
  }
  if (total > maxDurationMs) return wrong(`expected at most 24d, got ${JSON.stringify(text)}`)
  return ok(total)
}

/** The time as a document would write it, exactly: `1h30m`; what is no whole second in milliseconds, `1500ms`. */
export function exactDuration(ms: number): string {
  if (ms % 1000 !== 0 || ms === 0) return `${ms}ms`
  let text = ''
  let left = ms
  for (const [unit, size] of unitMs) {
    if (left >= size) text += `${Math.floor(left / size)}${unit}`
    left %= size
  }
  return text
}
