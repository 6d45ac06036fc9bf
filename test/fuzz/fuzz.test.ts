import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type FuzzTarget, mutated, randomFrom } from './target.ts'

const names = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && name !== 'target.ts')
  .map((name) => name.slice(0, -3))

test('there are targets', () => {
  expect(names).toEqual(expect.arrayContaining(['command', 'data']))
})

// `node scripts/fuzz.js NAME --seconds 600` goes on for longer, and looks at memory.
for (const name of names) {
  test(`${name}: holds its rules for its seeds, and for some thousands of inputs made of them`, async () => {
    const { target } = (await import(join(import.meta.dirname, `${name}.ts`))) as { target: FuzzTarget }
    // The same in every run: a new finding belongs to whoever fuzzes, not to whoever has changed something else.
    const seed = 20_261_121
    const random = randomFrom(seed)
    const endsAt = Date.now() + 1500
    for (const input of target.seeds) await target.once(input, random)
    const corpus = [...target.seeds]
    let runs = 0
    // On a machine that has other work too: a few at least.
    for (; Date.now() < endsAt || runs < 60; runs++) {
      const [one, other] = [corpus[random(corpus.length)] as Buffer, corpus[random(corpus.length)] as Buffer]
      const input = mutated(one, other, target.words, random)
      try {
        await target.once(input, random)
      } catch (error) {
        throw new Error(`${name}, seed ${seed}, input ${input.toString('hex')}`, { cause: error })
      }
      if (random(10) === 0) corpus.push(input)
    }
    expect(runs).toBeGreaterThan(50)
  })
}
