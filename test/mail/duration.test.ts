import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maxDurationMs, parseDuration } from '../../src/mail/duration.ts'

test.each([
  ['0s', 0],
  ['1s', 1000],
  ['90s', 90_000],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['1d2h3m4s', 93_784_000],
  ['5d', 432_000_000],
  ['24d', maxDurationMs],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toEqual({ ok: true, value: ms })
})

test.each(['', '5', '300', '5 m', '5M', '1.5h', '-5m', '5m1h', '5m5m', '5ms', '1w', 'm', '+5m', '5m ', '０5m', '1e3s'])(
  '%j is no duration and is quoted in the error',
  (text) => {
    const result = parseDuration(text)
    expect(result).toEqual({ ok: false, error: expect.stringContaining(`got ${JSON.stringify(text)}`) })
  },
)

test('a time beyond 24 days is refused, because a timer would fire at once', () => {
  expect(parseDuration('24d1s')).toEqual({ ok: false, error: 'expected at most 24d, got "24d1s"' })
  expect(parseDuration('999999999d').ok).toBe(false)
})

test('any text gives a value within bounds or an error, and never throws', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^(\d{1,4}[dhms]){1,4}$/)), (text) => {
      const result = parseDuration(text)
      if (result.ok) expect(result.value).toBeGreaterThanOrEqual(0)
      if (result.ok) expect(result.value).toBeLessThanOrEqual(maxDurationMs)
    }),
  )
})

test('days, hours, minutes and seconds add up', () => {
  const part = fc.integer({ min: 0, max: 23 })
  fc.assert(
    fc.property(part, part, part, part, (d, h, m, s) => {
      const ms = (((d * 24 + h) * 60 + m) * 60 + s) * 1000
      expect(parseDuration(`${d}d${h}h${m}m${s}s`)).toEqual({ ok: true, value: ms })
    }),
  )
})
