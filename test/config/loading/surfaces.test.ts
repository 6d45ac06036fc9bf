import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { loadSource } from '../../../src/config/load-source.ts'
import type { Position } from '../../../src/config/positions.ts'
import { loaded, pathsOf, written } from './written.ts'

const script = `import { byEnv, catchAll, deliver, discard, env, exec, file, hold, host, hosts, mx, reject, table, unsafeOpenRelay, via } from 'mailgw'
export default {
  hostname: 'gw.example', limits: { maxHops: 50 }, flag: true, nothing: null, 2525: 'number key',
  domains: { 'corp.example': { unknown: catchAll('a@corp.example') } },
  localMx: {
    'a.example': via('isp'), 'b.example': host('bart', 26), 'c.example': hosts('one', 'two:26'), '[v6]': host('2001:db8::1', 25),
    'd.example': mx({ tls: 'verify' }), 'e.example': mx(), 'f.example': deliver(), 'g.example': deliver({ dir: 'x' }),
    'h.example': reject(550, '5.1.6 moved'), 'i.example': hold('why'), 'j.example': hold(), 'k.example': discard(),
    '*': byEnv({ prod: mx({ tls: 'may' }), default: via('isp') }),
  },
  secrets: [env.secret('A_B'), file.secret('/run/x'), exec.secret(['pass', 'a "b"'])],
  relaying: unsafeOpenRelay({ reason: 'a lab', until: '2026-12-31' }),
  users: table('users.tsv'),
}`

const yaml = `hostname: gw.example
limits: { maxHops: 50 }
flag: true
nothing: ~
2525: number key
domains:
  corp.example: { unknown: { catchAll: a@corp.example } }
localMx:
  a.example: { relay: isp }
  b.example: { host: "bart:26" }
  c.example: { hosts: [one, "two:26"] }
  "[v6]": { host: "[2001:db8::1]:25" }
  d.example: { mx: { tls: verify } }
  e.example: { mx: true }
  f.example: { deliver: true }
  g.example: { deliver: { dir: x } }
  h.example: { reject: { code: 550, text: 5.1.6 moved } }
  i.example: { hold: why }
  j.example: { hold: true }
  k.example: { discard: true }
  "*": { $env: { prod: { mx: { tls: may } }, default: { relay: isp } } }
secrets:
  - { $secret: "env:A_B" }
  - { $secret: file:/run/x }
  - $secret: 'exec:["pass","a \\"b\\""]'
relaying: { unsafeOpenRelay: { reason: a lab, until: 2026-12-31 } }
users: { $table: users.tsv }
`

const json = {
  hostname: 'gw.example',
  limits: { maxHops: 50 },
  flag: true,
  nothing: null,
  2525: 'number key',
  domains: { 'corp.example': { unknown: { catchAll: 'a@corp.example' } } },
  localMx: {
    'a.example': { relay: 'isp' },
    'b.example': { host: 'bart:26' },
    'c.example': { hosts: ['one', 'two:26'] },
    '[v6]': { host: '[2001:db8::1]:25' },
    'd.example': { mx: { tls: 'verify' } },
    'e.example': { mx: true },
    'f.example': { deliver: true },
    'g.example': { deliver: { dir: 'x' } },
    'h.example': { reject: { code: 550, text: '5.1.6 moved' } },
    'i.example': { hold: 'why' },
    'j.example': { hold: true },
    'k.example': { discard: true },
    '*': { $env: { prod: { mx: { tls: 'may' } }, default: { relay: 'isp' } } },
  },
  secrets: [{ $secret: 'env:A_B' }, { $secret: 'file:/run/x' }, { $secret: 'exec:["pass","a \\"b\\""]' }],
  relaying: { unsafeOpenRelay: { reason: 'a lab', until: '2026-12-31' } },
  users: { $table: 'users.tsv' },
}

describe('the same document in three surfaces is the same data', () => {
  for (const env of [null, 'prod']) {
    test(env === null ? 'by default' : `for the environment ${env}`, async () => {
      const folder = written({ 'd.ts': script, 'd.yaml': yaml, 'd.json': JSON.stringify(json), 'users.tsv': 'a\tb\n' })
      const values = await Promise.all(
        ['d.ts', 'd.yaml', 'd.json'].map(async (name) => (await loadSource(join(folder, name), { env })).value),
      )
      expect(values[0]).toStrictEqual(values[2])
      expect(values[1]).toStrictEqual(values[2])
    })
  }
})

/** Keys and texts with everything that a surface could trip over. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.constantFrom(
    'no',
    'true',
    'null',
    '~',
    '010',
    '1e3',
    '*.x',
    '*',
    '&a',
    '!t',
    '<<',
    '- a',
    'a: b',
    '# c',
    "it's",
    '"',
    '\\',
    '\n',
    ' ',
    '',
    'constructor',
    '0x1f',
    '2026-01-01',
  ),
)
const key = text.filter((name) => name !== '__proto__' && !name.startsWith('$') && name !== 'include' && name !== '<<')
const leaf = fc.oneof(
  text,
  fc.boolean(),
  fc.constant(null),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }).map((n) => n + 0),
)
const { document } = fc.letrec<{ document: Record<string, unknown>; value: unknown }>((tie) => ({
  document: fc.dictionary(key, tie('value'), { minKeys: 1, maxKeys: 5, noNullPrototype: true }),
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}))
/** What a reader refuses, and -0, which JSON has not. */
const usable = (value: unknown): boolean => {
  const json = JSON.stringify(value)
  return (
    !/[\u202a-\u202e\u2066-\u2069\x7f]|\\u(?:00[01][0-9a-f]|d[89a-f]..)/.test(json) &&
    json === JSON.stringify(JSON.parse(json))
  )
}

/** What stands at a position, as data; `undefined` for what goes on over several lines. */
function partAt(
  lines: readonly string[],
  { line, column, endColumn }: Position,
  read: (source: string) => unknown,
): unknown {
  const source = lines[line - 1]!.slice(column - 1, endColumn - 1)
  try {
    return source === '' ? undefined : read(source)
  } catch {
    throw new Error(`at ${line}:${column} stands ${source} in ${lines[line - 1]}`)
  }
}

test('random documents are the same in all surfaces, and at each position stands its part', async () => {
  // One folder and one child process for many documents: a process each would take minutes.
  const documents = fc.sample(document.filter(usable), { numRuns: 120, seed: 20260601 })
  const folder = written({
    'all.ts': `export default {\n${documents.map((one, i) => `  d${i}:\n${JSON.stringify(one, null, 1)},`).join('\n')}\n}\n`,
  })
  const all = await loadSource(join(folder, 'all.ts'), { env: null })
  const lines = readFileSync(join(folder, 'all.ts'), 'utf8').split('\n')
  for (const [i, wanted] of documents.entries()) {
    const name = `d${i}`
    assert.deepStrictEqual((all.value as Record<string, unknown>)[name], wanted)
    for (const { path, value } of pathsOf(wanted)) {
      const position = all.positions.value([name, ...path])!
      if (typeof value !== 'object' || value === null)
        assert.deepStrictEqual(partAt(lines, position, JSON.parse), value)
      const last = path.at(-1)
      if (typeof last === 'string') expect(partAt(lines, all.positions.key([name, ...path])!, JSON.parse)).toBe(last)
    }
    writeFileSync(join(folder, 'd.json'), JSON.stringify(wanted, null, i % 3))
    assert.deepStrictEqual((await loadSource(join(folder, 'd.json'), { env: null })).value, wanted)
    // Each way of writing texts; folded long lines are another.
    const defaultStringType = (['PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE'] as const)[i % 3]!
    const source = stringify(wanted, {
      defaultStringType,
      defaultKeyType: i % 2 ? 'QUOTE_DOUBLE' : 'PLAIN',
      aliasDuplicateObjects: false,
    })
    writeFileSync(join(folder, 'd.yaml'), source)
    const read = await loadSource(join(folder, 'd.yaml'), { env: null })
    assert.deepStrictEqual(read.value, wanted)
    for (const { path, value } of pathsOf(wanted)) {
      if (typeof value !== 'number' && typeof value !== 'boolean') continue
      expect(partAt(source.split('\n'), read.positions.value(path)!, JSON.parse)).toBe(value)
    }
  }
})

test('keys may be what objects inherit', async () => {
  for (const [name, content] of [
    ['d.yaml', 'constructor: { toString: 1 }\nhasOwnProperty: [valueOf]'],
    ['d.json', '{"constructor": {"toString": 1}, "hasOwnProperty": ["valueOf"]}'],
    ['d.ts', 'export default { constructor: { toString: 1 }, hasOwnProperty: ["valueOf"] }'],
  ] as const) {
    const { value, positions } = await loaded({ [name]: content })
    expect(Object.entries(value as object)).toEqual([
      ['constructor', { toString: 1 }],
      ['hasOwnProperty', ['valueOf']],
    ])
    expect(positions.value(['constructor', 'toString'])!.line).toBe(1)
    expect(positions.key(['valueOf'])).toEqual(positions.value([]))
  }
})
