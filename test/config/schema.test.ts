import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { codes } from '../../src/config/codes.ts'
import { editorSchema, type JsonSchema, structureSchema } from '../../src/config/schema-json.ts'
import { configPage } from '../../src/config/schema-page.ts'

const file = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
const stale = 'run: npm run build && npm run schema'

test('schemas/mailgw.v1.schema.json is made from the schema', () => {
  expect(file('schemas/mailgw.v1.schema.json') === `${JSON.stringify(editorSchema(), null, 2)}\n`, stale).toBe(true)
})

test('docs/config.md is made from the schema', () => {
  expect(file('docs/config.md') === configPage(), stale).toBe(true)
})

test('every key has a description for editors and for the page', () => {
  const without: string[] = []
  const visit = (of: JsonSchema, path: string): void => {
    for (const [key, one] of Object.entries(of.properties ?? {})) {
      // The one key of a secret, and the only keys of alternatives, are described by what holds them.
      const told = one.description ?? of.description ?? ''
      if (told === '' && !['unsafeOpenRelay', 'reject'].includes(key)) without.push(`${path}.${key}`)
      visit(one, `${path}.${key}`)
    }
    for (const one of [...(of.anyOf ?? []), of.items, of.additionalProperties])
      if (typeof one === 'object') visit(one, path)
  }
  visit(structureSchema(), '')
  expect(without).toEqual([])
})

test('an editor accepts byEnv in the place of any value, and nothing that is no key', () => {
  const of = editorSchema()
  expect(of.additionalProperties).toBe(false)
  expect(of.required).toEqual(['hostname', 'postmaster', 'listeners'])
  const { maxSize } = of.properties!['limits']!.anyOf![0]!.properties!
  expect(maxSize!.anyOf).toEqual([{ type: 'string', pattern: '^\\d+([KMG]i?)?B$' }, { $ref: '#/definitions/byEnv' }])
  expect(of.properties!['localMx']!.anyOf).toContainEqual({ $ref: '#/definitions/table' })
  expect(Object.keys(of.definitions!).sort()).toEqual(['byEnv', 'table', 'textFile'])
})

test('every reference of the schema leads somewhere', () => {
  const of = editorSchema()
  const references = [...JSON.stringify(of).matchAll(/"\$ref":"#\/definitions\/(\w+)"/g)].map(([, name]) => name!)
  expect(references.length).toBeGreaterThan(50)
  for (const name of new Set(references)) expect(of.definitions).toHaveProperty(name)
})

test('every code is on the page, and every code is told by something', () => {
  const page = configPage()
  const folder = new URL('../../src/config/', import.meta.url)
  const sources = readdirSync(folder).filter((name) => name.startsWith('validate'))
  // What is wrong with tests beside a document is told where they are read.
  const urls = [
    ...sources.map((name) => new URL(name, folder)),
    new URL('../../src/cli/test/read-cases.ts', import.meta.url),
  ]
  const text = urls.map((url) => readFileSync(url, 'utf8')).join('')
  for (const code of Object.keys(codes)) {
    expect(page).toContain(`| ${code} |`)
    expect(text, `nothing tells ${code}`).toContain(`'${code}'`)
  }
})

test('every code has a document in the corpus of wrong ones', () => {
  const corpus = new URL('../golden/wrong/', import.meta.url)
  // Files of tests are no documents: what is wrong with them has its cases there.
  const tests = readFileSync(new URL('../analysis/suite-run.test.ts', import.meta.url), 'utf8')
  const told = new Set([...tests.matchAll(/MG18\d\d/g)].map(([code]) => code))
  for (const name of readdirSync(corpus)) {
    const text = readFileSync(new URL(`${name}/issues.txt`, corpus), 'utf8')
    for (const [code] of text.matchAll(/MG\d{4}/g)) told.add(code)
  }
  expect(Object.keys(codes).filter((code) => !told.has(code))).toEqual([])
})
