import fc from 'fast-check'
import { expect, test } from 'vitest'
import { globMatches } from '../../src/mail/glob.ts'

const cases: readonly (readonly [pattern: string, text: string, matches: boolean])[] = [
  ['', '', true],
  ['', 'a', false],
  ['*', '', true],
  ['*', 'anything', true],
  ['a*c', 'abbbc', true],
  ['a*c', 'ac', true],
  ['a*c', 'abcd', false],
  ['*@example.com', 'A@EXAMPLE.COM', true],
  ['*ab*ab', 'abab', true],
  ['*ab*ab', 'aab', false],
  ['*.example', 'x.example.org', false],
  ['a.c', 'abc', false],
]
for (const [pattern, text, matches] of cases) {
  test(`${JSON.stringify(pattern)} ${matches ? 'matches' : 'does not match'} ${JSON.stringify(text)}`, () => {
    expect(globMatches(pattern, text)).toBe(matches)
  })
}

test('a glob matches what the same regular expression does', () => {
  const letters = (more: string) => fc.string({ unit: fc.constantFrom('a', 'b', 'A', ...more), maxLength: 12 })
  fc.assert(
    fc.property(letters('*'), letters('.'), (pattern, text) => {
      const expression = new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 'is')
      expect(globMatches(pattern, text)).toBe(expression.test(text))
    }),
    { numRuns: 2000 },
  )
})

test('no pattern makes a long text slow', () => {
  const started = performance.now()
  expect(globMatches(`${'*a'.repeat(200)}*b`, 'a'.repeat(20_000))).toBe(false)
  expect(performance.now() - started).toBeLessThan(2000)
})
