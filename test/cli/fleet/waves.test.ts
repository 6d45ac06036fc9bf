import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { choose, planWaves } from '../../../src/cli/fleet/waves.ts'

const gateway = (name: string, ...groups: string[]) => ({ name, groups })
const fleet = [gateway('a', 'canary'), gateway('b', 'east'), gateway('c', 'east'), gateway('d', 'west'), gateway('e')]
const shown = (members: readonly { name: string; groups: string[] }[], text: string | null): string => {
  const waves = planWaves(members, text)
  if (!waves.ok) return waves.error
  return waves.value.map(({ name, members }) => `${name}: ${members.map((one) => one.name).join(' ')}`).join('; ')
}

describe('waves', () => {
  const cases: [rule: string, text: string | null, want: string][] = [
    ['follow the groups of the document, those without one last', null, 'canary: a; east: b c; west: d; rest: e'],
    ['take each gateway once', 'canary,east,all', 'canary: a; east: b c; all: d e'],
    ['take a share of all, those of earlier waves counted', 'a,40%,all', 'a: a; 40%: b; all: c d e'],
    ['move with every share, however small', '1%,1%,all', '1%: a; 1%: b; all: c d e'],
    ['round a share up', '25%,all', '25%: a b; all: c d e'],
    ['forget nobody', 'west', 'west: d; rest: a b c e'],
    ['bear a word that has nobody left', 'all,west', 'all: a b c d e'],
    ['bear blanks', ' canary , all ', 'canary: a; all: b c d e'],
    [
      'want names that exist',
      'canry,all',
      'no gateway and no group is called "canry"; there are canary, east, west, a, b, c, d, e, 25%, all',
    ],
    ['want a share that is one', '0%,all', 'expected a share from 1% to 100%, got 0%'],
    ['want a share of at most all', '101%', 'expected a share from 1% to 100%, got 101%'],
  ]
  test.each(cases)('%s', (_rule, text, want) => expect(shown(fleet, text)).toBe(want))

  test('are one for each gateway where there are no groups, and so one for one', () => {
    expect(shown([gateway('a'), gateway('b')], null)).toBe('a: a; b: b')
    expect(shown([gateway('a')], null)).toBe('a: a')
  })

  test('hold every gateway exactly once, whatever is asked for', () => {
    const word = fc.constantFrom('canary', 'east', 'west', 'a', 'b', 'e', '1%', '33%', '100%', 'all')
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), (words) => {
        const waves = planWaves(fleet, words.join(','))
        const members = waves.ok ? waves.value.flatMap((wave) => wave.members) : []
        expect([...members].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual(fleet)
        expect(waves.ok && waves.value.every((wave) => wave.members.length > 0)).toBe(true)
      }),
    )
  })
})

test('gateways are chosen by name and by group, in the order of the document', () => {
  const chosen = choose(fleet, 'west,a')
  expect(chosen.ok && chosen.value.map(({ name }) => name)).toEqual(['a', 'd'])
  expect(choose(fleet, 'wst')).toMatchObject({ ok: false, error: expect.stringContaining('"wst"') })
})
