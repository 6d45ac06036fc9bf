import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBase64 } from '../../src/mail/base64.ts'
import { prepare, prepareLogin } from '../../src/mail/sasl-prep.ts'

describe('SASLprep', () => {
  // RFC 4013 §3, all of its examples.
  for (const [what, text, wanted] of [
    ['SOFT HYPHEN is mapped to nothing', 'I\u00adX', 'IX'],
    ['no transformation', 'user', 'user'],
    ['case is preserved', 'USER', 'USER'],
    ['output is NFKC (\u00aa)', '\u00aa', 'a'],
    ['output is NFKC (\u2168)', '\u2168', 'IX'],
    ['a prohibited character', '\u0007', null],
    ['letters of both directions', '\u06271', null],
  ] as const) {
    test(`example: ${what}`, () => expect(prepare(text)).toBe(wanted))
  }

  test('other blanks become a blank, and what nobody sees becomes nothing', () => {
    expect(prepare('a\u00a0b\u3000c')).toBe('a b c')
    expect(prepare('a\u200bb\ufeffc\ufe0fd')).toBe('abcd')
  })

  test('control characters, private use, marks of direction and no characters are nobody\u2019s', () => {
    for (const char of [
      '\0',
      '\r',
      '\n',
      '\x7f',
      '\u0085',
      '\u200e',
      '\u202e',
      '\ue000',
      '\ufffd',
      '\uffff',
      '\u{e0001}',
      '\u{10ffff}',
    ]) {
      expect(prepare(`a${char}b`)).toBeNull()
    }
    expect(prepare('\ud800')).toBeNull()
  })

  test('what is written from the right begins and ends so', () => {
    expect(prepare('\u0627\u0628')).toBe('\u0627\u0628')
    expect(prepare('\u06271\u0628')).toBe('\u06271\u0628')
    expect(prepare('\u0627a\u0628')).toBeNull()
  })

  test('nothing, and what becomes nothing, is no name and no password', () => {
    expect(prepare('')).toBeNull()
    expect(prepare('\u00ad\u200b')).toBeNull()
  })

  test('what is prepared stays as it is when it is prepared again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
        const once = prepare(text)
        if (once !== null) expect(prepare(once)).toBe(once)
      }),
      { numRuns: 500 },
    )
  })

  test('a login is folded, and bounded', () => {
    expect(prepareLogin('Ali\u00adCE@Example.COM')).toBe('alice@example.com')
    expect(prepareLogin('a'.repeat(255))).toHaveLength(255)
    expect(prepareLogin('a'.repeat(256))).toBeNull()
    expect(prepareLogin('\u00fc'.repeat(128))).toBeNull()
  })

  test('a long text of anything is answered at once', () => {
    const startedAt = performance.now()
    for (const char of ['\u0627', '\u00ad', 'a\u0301', '\ufdfa']) prepare(char.repeat(6000))
    expect(performance.now() - startedAt).toBeLessThan(100)
  })
})

describe('base64 of a response', () => {
  test('what is written in base64 is read back, and nothing else is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (octets) => {
        const text = Buffer.from(octets).toString('base64')
        expect(decodeBase64(text)).toEqual(Buffer.from(octets))
        if (text.endsWith('=')) expect(decodeBase64(text.slice(0, -1))).toBeNull()
      }),
    )
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9+/= \n-]{0,12}$/), (text) => {
        const read = decodeBase64(text)
        if (read !== null) expect(read.toString('base64')).toBe(text)
      }),
    )
  })

  // "YQ==" and "YR==" decode to the same octet in most readers: only one of them is base64 of it.
  test.each(['YR==', 'YWJ=', 'Y Q==', 'YQ==\n', '=', '==', 'Y===', 'YQ', 'YQ=', 'YQ==YQ==', '_w==', '-w==', 'YQ\0='])(
    '%j is not',
    (text) => expect(decodeBase64(text)).toBeNull(),
  )

  test('nothing is the base64 of nothing', () => expect(decodeBase64('')).toEqual(Buffer.alloc(0)))
})
