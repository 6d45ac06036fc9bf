import { mkdirSync, renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadSource } from '../../../src/config/load-source.ts'
import type { DocPath } from '../../../src/config/positions.ts'
import { issues, loaded, refusal, textAt, written } from './written.ts'

/** Key and value of a path, as text in the file, with file and line. */
async function places(files: Record<string, string>, paths: readonly DocPath[]): Promise<string[]> {
  const { positions } = await loaded(files)
  return paths.map((path) => {
    const [key, value] = [positions.key(path)!, positions.value(path)!]
    const name = (file: string) => Object.keys(files).find((candidate) => file.endsWith(`/${candidate}`))
    return `${name(key.file)}:${key.line}:${key.column} ${textAt(key)} | ${name(value.file)}:${value.line}:${value.column} ${textAt(value)}`
  })
}

describe('a part of a TypeScript document is found where it was written', () => {
  test('in literals: keys of all kinds, items, values over several lines', async () => {
    const text = `export default {
  plain: 1, 'quoted.example': true, 2525: 'number', ['compu' + 'ted']: null,
  list: ['a', ['b'], { c: 'd' }],
  long: {
    inner: \`text\`,
  },
} satisfies object
`
    expect(
      await places({ 'd.ts': text }, [
        ['plain'],
        ['quoted.example'],
        ['2525'],
        ['computed'],
        ['list', 0],
        ['list', 1, 0],
        ['list', 2, 'c'],
        ['long'],
        ['long', 'inner'],
      ]),
    ).toEqual([
      'd.ts:2:3 plain | d.ts:2:10 1',
      "d.ts:2:13 'quoted.example' | d.ts:2:31 true",
      "d.ts:2:37 2525 | d.ts:2:43 'number'",
      "d.ts:2:54 'compu' + 'ted' | d.ts:2:72 null",
      "d.ts:3:10 'a' | d.ts:3:10 'a'",
      "d.ts:3:16 'b' | d.ts:3:16 'b'",
      "d.ts:3:24 c | d.ts:3:27 'd'",
      'd.ts:4:3 long | d.ts:4:9 {',
      'd.ts:5:5 inner | d.ts:5:12 `text`',
    ])
  })

  test('through the builders of mailgw, down to their arguments', async () => {
    const text = `import { env, host, mx, reject, via, hosts } from 'mailgw'
export default {
  a: via('brat'), b: reject(550, 'moved'), c: mx({ tls: 'verfy' }),
  d: host('x', 99999), e: env.secret('NAME'), f: hosts('one', 'two:0'),
}
`
    expect(
      await places({ 'd.ts': text }, [
        ['a', 'relay'],
        ['b', 'reject', 'code'],
        ['b', 'reject', 'text'],
        ['c', 'mx', 'tls'],
        ['d', 'host'],
        ['e', '$secret'],
        ['f', 'hosts', 1],
      ]),
    ).toEqual([
      "d.ts:3:10 'brat' | d.ts:3:10 'brat'",
      'd.ts:3:29 550 | d.ts:3:29 550',
      "d.ts:3:34 'moved' | d.ts:3:34 'moved'",
      "d.ts:3:52 tls | d.ts:3:57 'verfy'",
      "d.ts:4:6 host('x', 99999) | d.ts:4:6 host('x', 99999)",
      "d.ts:4:38 'NAME' | d.ts:4:38 'NAME'",
      "d.ts:4:63 'two:0' | d.ts:4:63 'two:0'",
    ])
  })

  test('through builders of the user, spreads, map, loops, Object.fromEntries, Object.assign and other files', async () => {
    const files = {
      'mailgw.config.ts': `import { via } from 'mailgw'
import { base, relay } from './partners.ts'
import rows, { single } from './rows.json'

const loop: Record<string, unknown> = {}
for (const name of ['a', 'b']) loop[name] = via('looped')
const list: unknown[] = ['first']
list.push({ pushed: 1 }, 'last')

export default {
  built: relay('int2', { prot: 2525 }),
  spread: { ...base, own: 1 },
  mapped: ['x', 'y'].map((host) => ({ host, port: 26 })),
  loop,
  list: [...list, 'end'],
  pairs: Object.fromEntries(['k'].map((key) => [key, via('paired')])),
  assigned: Object.assign({ one: 1 }, { two: 2 }),
  rows: { ...rows },
  single,
}
`,
      'partners.ts': `export const base = { inherited: 'here', own: 0 }
export const relay = (host: string, options: object) => ({ host, ...options })
`,
      'rows.json': `{ "r.example": { "relay": "isp" },
  "single": ["one"] }`,
    }
    expect(
      await places(files, [
        ['built', 'prot'],
        ['spread', 'inherited'],
        ['spread', 'own'],
        ['mapped', 1, 'port'],
        ['loop', 'b'],
        ['loop', 'b', 'relay'],
        ['list', 0],
        ['list', 1, 'pushed'],
        ['list', 2],
        ['list', 3],
        ['pairs', 'k'],
        ['assigned', 'two'],
        ['rows', 'r.example', 'relay'],
        ['single', 0],
      ]),
    ).toEqual([
      'mailgw.config.ts:11:26 prot | mailgw.config.ts:11:32 2525',
      "partners.ts:1:23 inherited | partners.ts:1:34 'here'",
      'mailgw.config.ts:12:22 own | mailgw.config.ts:12:27 1',
      'mailgw.config.ts:13:45 port | mailgw.config.ts:13:51 26',
      "mailgw.config.ts:6:37 name | mailgw.config.ts:6:45 via('looped')",
      "mailgw.config.ts:6:49 'looped' | mailgw.config.ts:6:49 'looped'",
      "mailgw.config.ts:7:26 'first' | mailgw.config.ts:7:26 'first'",
      'mailgw.config.ts:8:13 pushed | mailgw.config.ts:8:21 1',
      "mailgw.config.ts:8:26 'last' | mailgw.config.ts:8:26 'last'",
      "mailgw.config.ts:15:19 'end' | mailgw.config.ts:15:19 'end'",
      "mailgw.config.ts:16:49 key | mailgw.config.ts:16:54 via('paired')",
      'mailgw.config.ts:17:41 two | mailgw.config.ts:17:46 2',
      'rows.json:1:18 "relay" | rows.json:1:27 "isp"',
      'rows.json:2:14 "one" | rows.json:2:14 "one"',
    ])
  })

  test('what code computed is found at the nearest thing that was written', async () => {
    const text = `const parts = 'a.b'.split('.')
export default { parts, deep: JSON.parse('{"x":{"y":1}}') }
`
    expect(await places({ 'd.ts': text }, [['parts'], ['parts', 1], ['deep', 'x', 'y']])).toEqual([
      'd.ts:2:18 parts | d.ts:2:18 parts',
      'd.ts:2:18 parts | d.ts:2:18 parts',
      `d.ts:2:31 JSON.parse('{"x":{"y":1}}') | d.ts:2:31 JSON.parse('{"x":{"y":1}}')`,
    ])
  })

  test('the rewriting changes no meaning: order, this, getters, holes of syntax', async () => {
    const text = `const log: string[] = []
const note = <T>(name: string, value: T): T => (log.push(name), value)
class Box { size = 2; #secret = 3; twice() { return this.size * 2 } secret() { return this.#peek() } #peek() { return this.#secret } }
const box = new Box()
function* gen() { yield* [1, 2] }
const { a, ...rest } = { a: 1, b: 2, c: 3 }
const tag = (strings: TemplateStringsArray, ...values: number[]) => strings.join('|') + values
export default {
  ...note('spread', { z: 1 }), y: note('y', 1), ['x' + note('key', '')]: note('value', 1), ...null, ...undefined,
  twice: box.twice(), bound: box['twice'](), secret: box.secret(), optional: box?.twice?.(),
  generated: [0, ...gen(), ...'ab'], a, rest, tagged: tag\`a\${1}b\`,
  get got() { return 'got' }, method: ((n: number) => n + 1)(1), awaited: await Promise.resolve({ late: true }),
  replaced: { k: 1, ...{ k: 2 }, j: 3 }, max: Math.max(...[1, 5, 3]),
  log: [...log],
}
`
    expect((await loaded({ 'd.ts': text })).value).toEqual({
      z: 1,
      y: 1,
      x: 1,
      twice: 4,
      bound: 4,
      secret: 3,
      optional: 4,
      generated: [0, 1, 2, 'a', 'b'],
      a: 1,
      rest: { b: 2, c: 3 },
      tagged: 'a|b1',
      got: 'got',
      method: 2,
      awaited: { late: true },
      replaced: { k: 2, j: 3 },
      max: 5,
      log: ['spread', 'y', 'key', 'value'],
    })
  })
})

describe('a TypeScript document that fails is refused at the place of the failure', () => {
  const cases: readonly { readonly name: string; readonly text: string; readonly want: readonly string[] }[] = [
    { name: 'an open brace', text: 'export default { a: 1,', want: ['MG1040 d.ts:1:23 '] },
    { name: 'a missing comma', text: "export default { a: 'x' 'y' }", want: ["MG1040 d.ts:1:25 '"] },
    {
      name: 'an error thrown in a helper',
      text: "function f(): never {\n  throw new RangeError('bad')\n}\nexport default { a: f() }",
      want: ['MG1041 d.ts:2:9 new'],
    },
    {
      name: 'a value of undefined',
      text: 'const o: any = {}\nexport default { a: o.b.c }',
      want: ['MG1041 d.ts:2:25 c'],
    },
    { name: 'a name that is not defined', text: 'export default {\n  a: nobody }', want: ['MG1041 d.ts:2:6 nobody'] },
    {
      name: 'a builder that does not exist',
      text: "import { env } from 'mailgw'\nexport default { a: (env as any).secrt('X') }",
      want: ['MG1041 d.ts:2:21 ('],
    },
    {
      name: 'an error after waiting',
      text: "const f = async () => {\n  await null\n  throw new Error('late')\n}\nexport default { a: await f() }",
      want: ['MG1041 d.ts:3:9 new'],
    },
    { name: 'something thrown that is no error', text: "throw 'plain'", want: ["MG1041 d.ts:1:7 'plain'"] },
    { name: 'no default export', text: 'export const a = 1', want: ['MG1042 d.ts:1:1 e'] },
    {
      name: 'a function in place of the document',
      text: 'export default () => ({})',
      want: ['MG1043 d.ts:1:16 () => ({})'],
    },
    { name: 'a single text', text: "export default 'x'", want: ["MG1013 d.ts:1:16 'x'"] },
    {
      name: 'all values that are no plain data, at once',
      text: 'export default {\n  a: [1, new Date(2020)],\n  b: () => 1, c: NaN, d: new Map(), e: 2n, f: Symbol.iterator,\n  g: [1, , 2], h: /x/, i: 1e300, j: "\\ud800", k: new (class Thing {})(),\n}',
      want: [
        'MG1043 d.ts:2:10 new Date(2020)',
        'MG1043 d.ts:3:6 () => 1',
        'MG1016 d.ts:3:18 NaN',
        'MG1043 d.ts:3:26 new Map()',
        'MG1043 d.ts:3:40 2n',
        'MG1043 d.ts:3:47 Symbol.iterator',
        'MG1043 d.ts:4:6 [1, , 2]',
        'MG1043 d.ts:4:19 /x/',
        'MG1016 d.ts:4:27 1e300',
        'MG1017 d.ts:4:37 "\\ud800"',
        'MG1043 d.ts:4:50 new (class Thing {})()',
      ],
    },
    {
      name: 'a value that contains itself',
      text: 'const a: any = { b: {} }\na.b.c = a\nexport default { a }',
      want: ['MG1044 d.ts:2:9 a'],
    },
    {
      name: 'a module that is missing',
      text: "import x from './gone.ts'\nexport default x",
      want: ["MG1046 d.ts:1:15 './gone.ts'"],
    },
    {
      name: 'a package that is missing',
      text: "import x from 'gone'\nexport default x",
      want: ["MG1046 d.ts:1:15 'gone'"],
    },
    {
      name: 'a JSON file that is missing',
      text: "import x from './gone.json'\nexport default x",
      want: ["MG1046 d.ts:1:15 './gone.json'"],
    },
    {
      name: 'a character that turns the text around',
      text: "export default { a: 'x\u202ey' }",
      want: ['MG1012 d.ts:1:23 \u202e'],
    },
  ]
  for (const { name, text, want } of cases) {
    test(name, async () => expect(await issues({ 'd.ts': text })).toEqual(want))
  }

  test('in a file that it imports', async () => {
    const files = {
      'd.ts': "import { x } from './sub/m.ts'\nexport default x",
      'sub/m.ts': 'export const x = {\n  a: }',
    }
    expect(await issues(files)).toEqual(['MG1040 sub/m.ts:2:6 }'])
  })

  test('in a JSON file that it imports', async () => {
    const files = { 'd.ts': "import x from './rows.json'\nexport default x", 'rows.json': '{\n  "a": 1,\n  "a": 2 }' }
    expect(await issues(files)).toEqual(['MG1023 rows.json:3:3 "a"'])
  })

  test('a key with the value undefined is left out, as the types say', async () => {
    expect((await loaded({ 'd.ts': 'export default { a: undefined, b: 1 }' })).value).toEqual({ b: 1 })
  })
})

describe('what differs between two runs is refused', () => {
  const cases = [
    ['the clock', 'Date.now()', 'now'],
    ['a date without a time', 'new Date().toISOString()', 'new'],
    ['a date as a text', 'Date()', 'Date'],
    ['a timer', 'performance.now()', 'performance'],
    ['the high resolution clock', 'process.hrtime.bigint()', 'process'],
    ['chance', 'Math.random()', 'Math'],
    ['chance passed on', '[1].map(Math.random)', '['],
    ['a random identity', 'crypto.randomUUID()', 'randomUUID'],
    ['the environment', 'process.env.HOME', 'HOME'],
    ['the whole environment', '{ ...process.env }', '{'],
    ['the current folder', 'process.cwd()', 'process'],
    ['the network', "await fetch('http://127.0.0.1:9')", 'fetch'],
  ] as const
  // One document asks for one thing: it ends at the first.
  for (const [name, code] of cases) {
    test(name, async () => {
      const diagnostics = await refusal(loaded({ 'd.ts': `const x = 1\nexport default {\n  a: ${code},\n}\n` }))
      expect(diagnostics).toHaveLength(1)
      expect(diagnostics[0]).toMatchObject({ code: 'MG1045', position: { line: 3 } })
      expect(diagnostics[0]!.position!.column).toBeGreaterThanOrEqual(6)
    })
  }

  test('a module of Node that reads the machine, at its import', async () => {
    expect(
      await issues({ 'd.ts': "import { readFileSync } from 'node:fs'\nexport default { a: readFileSync('x') }" }),
    ).toEqual(["MG1047 d.ts:1:30 'node:fs'"])
  })

  test('a date that is written down is data of the document', async () => {
    const text = "export default { until: new Date('2026-01-31T00:00:00').toISOString(), zone: new Date(0).getHours() }"
    expect((await loaded({ 'd.ts': text })).value).toEqual({ until: '2026-01-31T00:00:00.000Z', zone: 0 })
  })

  test('a listed environment variable is there, all others are not', async () => {
    process.env['MAILGW_TEST_SITE'] = 'berlin'
    const options = { allowEnv: ['MAILGW_TEST_SITE', 'MAILGW_TEST_NONE'] }
    const text = 'export default { site: process.env.MAILGW_TEST_SITE, none: process.env.MAILGW_TEST_NONE ?? null }'
    expect((await loaded({ 'd.ts': text }, options)).value).toEqual({ site: 'berlin', none: null })
    expect(await issues({ 'd.ts': 'export default { path: process.env.PATH }' }, options)).toEqual([
      'MG1045 d.ts:1:36 PATH',
    ])
  })
})

test('a document imports what mailgw exports without a node_modules folder, and files are told', async () => {
  const files = {
    'mailgw.config.ts':
      "import { via } from 'mailgw'\nimport { name } from './names.ts'\nimport list from './list.json'\nexport default { to: via(name), list }",
    'names.ts': "export const name: string = 'isp'",
    'list.json': '[1]',
  }
  const folder = written(files)
  const source = await loadSource(join(folder, 'mailgw.config.ts'), { env: null })
  expect(source.value).toEqual({ to: { relay: 'isp' }, list: [1] })
  expect(source.files).toEqual(Object.keys(files).map((name) => join(folder, name)))
})

test('positions name the file as it was named, through a linked folder', async () => {
  const folder = written({
    'real/d.ts': "import { x } from './x.ts'\nexport default { x }",
    'real/x.ts': 'export const x = 1',
  })
  symlinkSync('real', join(folder, 'linked'))
  const source = await loadSource(join(folder, 'linked/d.ts'), { env: null })
  expect(source.positions.value(['x'])!.file).toBe(join(folder, 'linked/d.ts'))
  expect(source.files).toEqual([join(folder, 'linked/d.ts'), join(folder, 'linked/x.ts')])
})

test('lines are counted as editors count them: U+2028 in a text ends none', async () => {
  const text = "\ufeffconst a = 'x\u2028y'\nexport default { a, b: (() => { throw new Error('here') })() }"
  expect(await issues({ 'd.ts': text })).toEqual(['MG1041 d.ts:2:39 new'])
  const { positions } = await loaded({ 'd.ts': text.replace(/b:.*$/, 'b: 1 }') })
  expect(textAt(positions.value(['b'])!)).toBe('1')
})

test('enums, namespaces of types and parameter types of TypeScript are understood', async () => {
  const text =
    "enum Tls { Verify = 'verify' }\ninterface X { a: string }\nconst x = <X>{ a: Tls.Verify }\nexport default { ...x, b: x!.a as string }"
  expect((await loaded({ 'd.ts': text })).value).toEqual({ a: 'verify', b: 'verify' })
})

test('a document in a repository imports files above its own folder', async () => {
  const folder = written({
    'repo/common.ts': 'export const a = 1',
    'repo/sites/x/d.ts': "import { a } from '../../common.ts'\nexport default { a }",
  })
  mkdirSync(join(folder, 'repo/.git'))
  expect((await loadSource(join(folder, 'repo/sites/x/d.ts'), { env: null })).value).toEqual({ a: 1 })
  renameSync(join(folder, 'repo/.git'), join(folder, 'repo/git'))
  const [diagnostic] = await refusal(loadSource(join(folder, 'repo/sites/x/d.ts'), { env: null }))
  expect(diagnostic!.code).toMatch(/^MG10(46|50)$/)
})
