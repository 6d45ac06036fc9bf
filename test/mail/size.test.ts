import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maxSizeBytes, parseSize } from '../../src/mail/size.ts'

test.each([
  ['0B', 0],
  ['500B', 500],
  ['500KB', 500_000],
  ['500KiB', 512_000],
  ['20MB', 20_000_000],
  ['20MiB', 20_971_520],
  ['1GB', 1e9],
  ['1GiB', 1_073_741_824],
])('%s is %d octets', (text, octets) => {
  expect(parseSize(text)).toEqual({ ok: true, value: octets })
})

test.each(['', '20', '20M', '20m', '20mb', '20MIB', '20 MiB', '1.5MiB', '-1MB', '20Mb', 'MB', '2e6B'])(
  '%j is no size and is quoted in the error',
  (text) => {
    expect(parseSize(text)).toEqual({ ok: false, error: expect.stringContaining(`got ${JSON.stringify(text)}`) })
  },
)

test('a size beyond 1 TiB is refused as a slip', () => {
  expect(parseSize('1024GiB')).toEqual({ ok: true, value: maxSizeBytes })
  expect(parseSize('1025GiB')).toEqual({ ok: false, error: 'expected at most 1024GiB, got "1025GiB"' })
})

test('any text gives a whole number of octets or an error, and never throws', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{1,14}[KMG]?i?B$/)), (text) => {
      const result = parseSize(text)
      if (result.ok) expect(Number.isSafeInteger(result.value)).toBe(true)
    }),
  )
})
