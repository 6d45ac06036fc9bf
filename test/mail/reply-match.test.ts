import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { reply } from '../../src/mail/reply.ts'
import { readMatch } from '../../src/mail/reply-match.ts'

const gmail = reply(421, '4.7.28', 'Our system has detected an unusual rate of\nunsolicited mail from your IP address')
const full = reply(452, '4.2.2', 'mailbox full')
const bare = reply(451, null, 'Try again later')

const matches = (pattern: string, of: typeof gmail): boolean => {
  const match = readMatch(pattern)
  if (!match.ok) throw new Error(match.error)
  return match.value(of)
}

/** MR-43 */
describe('patterns of replies', () => {
  const cases: [pattern: string, of: typeof gmail, wanted: boolean][] = [
    ['421', gmail, true],
    ['4??', gmail, true],
    ['42?', full, false],
    ['4.7.*', gmail, true],
    ['4.7.28', gmail, true],
    ['4.7.2', gmail, false],
    ['4.*', full, true],
    ['4.7.*', full, false],
    // Without an enhanced status nothing is known of it.
    ['4.7.*', bare, false],
    ['451', bare, true],
    ['unusual rate', gmail, true],
    ['UNUSUAL Rate', gmail, true],
    ['4.7.* unusual*mail', gmail, true],
    ['421 4.7.* unusual rate', gmail, true],
    ['421 4.7.* mailbox', gmail, false],
    ['mail*unusual', gmail, false],
    ['4.7.* rate*', gmail, true],
    ['451 later', bare, true],
    ['550', bare, false],
  ]
  for (const [pattern, of, wanted] of cases) {
    test(`${JSON.stringify(pattern)} ${wanted ? 'means' : 'does not mean'} ${of.code} ${of.status ?? ''} ${of.text.slice(0, 20)}`, () => {
      expect(matches(pattern, of)).toBe(wanted)
    })
  }

  for (const wrong of ['', '   ', '*', '250', '2.0.0 ok', '354', 'a\r\nb', 'x'.repeat(201)]) {
    test(`${JSON.stringify(wrong.slice(0, 20))} is none`, () => expect(readMatch(wrong).ok).toBe(false))
  }

  test('text between stars is found in its order, and never twice in the same octets', () => {
    const word = fc.stringMatching(/^[a-c]{1,3}$/)
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), fc.stringMatching(/^[a-c]{0,12}$/), (words, text) => {
        const slow = new RegExp(words.join('.*'), 's').test(text)
        expect(matches(words.join('*'), reply(450, null, text))).toBe(slow)
      }),
      { numRuns: 2000 },
    )
  })

  test('a reply of any length and a pattern of many stars are no work', () => {
    const pattern = `${'a*'.repeat(99)}b`
    const long = reply(450, null, 'a'.repeat(2_000_000))
    const begun = performance.now()
    for (let i = 0; i < 100; i++) expect(matches(pattern, long)).toBe(false)
    expect(performance.now() - begun).toBeLessThan(1000)
  })
})
