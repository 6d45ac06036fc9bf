import fc from 'fast-check'
import { expect, test } from 'vitest'
import { didYouMean, suggest } from '../../src/config/suggest.ts'

test.each([
  ['brat', ['bart', 'lisa'], 'bart'],
  ['prot', ['hosts', 'port'], 'port'],
  ['verfy', ['off', 'may', 'encrypt', 'verify'], 'verify'],
  ['catchall', ['catchAll'], 'catchAll'],
  ['ips', ['isp', 'mx'], 'isp'],
  ['relyaing', ['relays', 'relaying'], 'relaying'],
  ['mxx', ['mx'], 'mx'],
  ['abc', ['ade'], null],
  ['lisa', ['bart', 'homer'], null],
  ['', ['a'], 'a'],
  ['x', [], null],
])('%j among %j means %j', (word, candidates, want) => {
  expect(suggest(word, candidates)).toBe(want)
})

test('of equally near ones the first is named, in quotes', () => {
  expect(didYouMean('bard', ['bart', 'barn'])).toBe('did you mean "bart"?')
  expect(didYouMean('lisa', ['homer'])).toBe(null)
})

test('one edit or one swap of neighbours in a word of four letters or more is always found', () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-z]{4,12}$/),
      fc.nat(),
      fc.constantFrom('drop', 'swap', 'add'),
      (word, at, how) => {
        const i = at % (word.length - 1)
        const wrong = {
          drop: word.slice(0, i) + word.slice(i + 1),
          swap: word.slice(0, i) + word[i + 1] + word[i] + word.slice(i + 2),
          add: `${word.slice(0, i)}x${word.slice(i)}`,
        }[how]
        fc.pre(wrong.length > 3)
        expect(suggest(wrong, [word])).toBe(word)
      },
    ),
  )
})

test('a very long word costs nothing and has no suggestion', () => {
  const started = performance.now()
  expect(suggest('a'.repeat(1_000_000), ['a'.repeat(999_999)])).toBe(null)
  expect(performance.now() - started).toBeLessThan(1000)
})
