import { join } from 'node:path'
import { expect, test } from 'vitest'

type Section = { readonly title: string; readonly rows: readonly (readonly [id: string, what: string])[] }
const { features, featuresPage, shownBy } = (await import(new URL('../scripts/features.js', import.meta.url).href)) as {
  features: readonly Section[]
  featuresPage(root: string): string
  shownBy(root: string): ReadonlyMap<string, readonly string[]>
}

const root = join(import.meta.dirname, '..')

test('docs/features.md is made of the tests (npx vitest run test/features.test.ts -u writes it)', async () => {
  await expect(featuresPage(root)).toMatchFileSnapshot('../docs/features.md')
})

test('every row has a test that shows it', () => {
  const shown = shownBy(root)
  const without = features.flatMap(({ rows }) => rows.map(([id]) => id)).filter((id) => !shown.has(id))
  expect(without).toEqual([])
})

test('each row is there once', () => {
  const ids = features.flatMap(({ rows }) => rows.map(([id]) => id))
  expect(new Set(ids).size).toBe(ids.length)
})
