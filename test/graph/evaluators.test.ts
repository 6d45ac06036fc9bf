import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Asking, admitSender, type Verdict } from '../../src/graph/admission.ts'
import { type Bundle, makeBundle, readBundle, writeBundle } from '../../src/graph/bundle.ts'
import type { Evaluator, Facts } from '../../src/graph/evaluator.ts'
import { noNotes } from '../../src/graph/evaluator.ts'
import { flatOf } from '../../src/graph/flat.ts'
import { flatten } from '../../src/graph/flat-build.ts'
import { finish, hashText } from '../../src/graph/flat-hash.ts'
import { type Graph, type Outcome, type Table, tableFacts } from '../../src/graph/graph.ts'
import { type Interpreter, interpreter } from '../../src/graph/interpret.ts'
import { flatEvaluator } from '../../src/graph/runtime.ts'
import { sourcesOf } from '../../src/graph/sources.ts'
import { facts, type Said } from '../compile/a-document.ts'
import { patternsOf, randomFacts, randomGraph } from './random-graph.ts'

const outcomes = ['listed', 'clear', 'error'] as const

/** As a gateway gets it, over its text. */
function shipped(graph: Graph): Bundle {
  const sources = sourcesOf(graph, (at) =>
    at.startsWith('deny') ? null : { file: 'main.ts', line: at.length, column: 7 },
  )
  const bundle = readBundle(writeBundle(makeBundle(graph, sources)))
  if (!bundle.ok) throw new Error(bundle.error)
  return bundle.value
}

const both = (bundle: Bundle): readonly [Interpreter, Evaluator] => [
  interpreter(bundle.graph, bundle.sources, bundle.hash),
  flatEvaluator(flatOf(flatten(bundle))),
]

/** Node numbers, who decided and what was noted, at each stop on the way to the leaf. */
function trace(
  evaluator: Evaluator,
  stage: 'helo' | 'auth' | 'mail' | 'data',
  told: Facts,
  answer: Outcome,
): unknown[] {
  const stops: unknown[] = []
  let number = evaluator.start(stage, told)
  for (;;) {
    stops.push([number, evaluator.winner(), [...evaluator.notes()]])
    if (number >= 0) return [...stops, evaluator.leaf(number)]
    stops.push(evaluator.oracle(~number))
    number = evaluator.resume(~number, answer, told)
  }
}

test('the interpreter and the run-time form agree on TLS, logins, certificates, HELO names, oracles and notes', () => {
  let compared = 0
  const seen = new Set<string>()
  const questions = fc.array(fc.tuple(randomFacts, fc.constantFrom(...outcomes)), {
    minLength: 1,
    maxLength: 40,
    size: 'max',
  })
  fc.assert(
    fc.property(randomGraph, questions, (graph, all) => {
      const [plain, fast] = both(shipped(graph))
      for (const [told, answer] of all) {
        for (const stage of ['helo', 'auth', 'mail', 'data'] as const) {
          const specified = trace(plain, stage, told, answer)
          const quick = trace(fast, stage, told, answer)
          if (JSON.stringify(quick) !== JSON.stringify(specified)) {
            expect(quick, `${stage} of ${JSON.stringify(told)}`).toEqual(specified)
          }
          for (const { kind, on, took } of plain.steps()) if (took !== null) seen.add(`${kind} ${on} ${took}`)
          compared++
        }
      }
    }),
    { numRuns: Number(process.env['MAILGW_RUNS'] ?? 400) },
  )
  expect(compared).toBeGreaterThan(10_000)
  // Not only the easy ones: each way of matching was taken.
  const ways = [
    'choice tls tls',
    'table login *',
    'table login *@a.test',
    'table login joe',
    'table certificate *',
    'table helo *',
    'table helo *.a.test',
    'table helo a.test',
    'oracle rate listed',
  ]
  for (const way of ways) expect(seen, way).toContain(way)
}, 120_000)

/** One table in the stage `mail`: row n refuses with the text of its pattern. */
function tableOf(on: Table['on'], patterns: readonly string[]): Bundle {
  const rows = [...patterns].sort()
  const graph: Graph = {
    ...emptyGraph,
    nodes: [
      { kind: 'table', on, rows: rows.map((pattern, i) => [pattern, i + 2, `row ${pattern}`] as const), otherwise: 1 },
      { kind: 'next', at: null },
      ...rows.map((pattern) => ({ kind: 'refuse', code: 550, status: '5.7.1', text: pattern, at: null }) as const),
      { kind: 'discard', at: null },
    ],
    entry: { ...emptyGraph.entry, mail: 0, route: rows.length + 2 },
  }
  return shipped(graph)
}
const emptyGraph = (() => {
  const [graph] = fc.sample(randomGraph, { numRuns: 1, seed: 1 })
  const entry = Object.fromEntries(Object.keys(graph!.entry).map((stage) => [stage, 1])) as Graph['entry']
  return { ...graph!, entry }
})()

const matched = (bundle: Bundle, said: Said) => {
  const [plain, fast] = both(bundle).map((one) => {
    const leaf = one.leaf(one.start('mail', facts(said)))
    return leaf.kind === 'refuse' ? leaf.text : 'none'
  })
  expect(fast).toBe(plain)
  return plain
}

const digest = `sha256:${'0a'.repeat(32)}`
const logins = ['joe@a.test', '*@a.test', '*', '*@sub@x', 'joe'].filter((pattern) => pattern !== '*@sub@x')
for (const [login, want] of [
  ['joe@a.test', 'joe@a.test'],
  ['ann@a.test', '*@a.test'],
  ['ann@evil@a.test', '*@a.test'],
  ['ann@a.test@evil', '*'],
  ['joe', 'joe'],
  ['*@a.test', '*@a.test'],
  ['*', '*'],
  [undefined, 'none'],
] as const) {
  test(`of logins ${login ?? 'nobody'} is matched by ${want}`, () => {
    expect(matched(tableOf('login', logins), login === undefined ? {} : { login })).toBe(want)
  })
}

for (const [helo, want] of [
  ['a.test', 'a.test'],
  ['A.TEST.', 'a.test'],
  ['mx.a.test', '*.a.test'],
  ['xa.test', '*'],
  ['[192.0.2.1]', '*'],
  ['[IPv6:2001:db8::1]', '*'],
  ['\u212a.a.test', '*'],
  [undefined, 'none'],
] as const) {
  test(`of HELO names ${helo ?? 'none'} is matched by ${want}`, () => {
    expect(matched(tableOf('helo', ['a.test', '*.a.test', '*']), helo === undefined ? {} : { helo })).toBe(want)
  })
}

test('a certificate is matched by its whole digest, and * by any that was verified', () => {
  const bundle = tableOf('certificate', [digest, '*'])
  expect(matched(bundle, { certificate: digest })).toBe(digest)
  expect(matched(bundle, { certificate: digest.replace('0a', '0b') })).toBe('*')
  expect(matched(bundle, {})).toBe('none')
})

test('logins whose hashes are equal are told apart', () => {
  const seen = new Map<number, string>()
  let pair: [string, string] | null = null
  for (let i = 0; pair === null; i++) {
    const name = `u${i.toString(36)}`
    const hash = finish(hashText(name))
    const other = seen.get(hash)
    if (other === undefined) seen.set(hash, name)
    else pair = [other, name]
  }
  expect(matched(tableOf('login', [pair[0]]), { login: pair[0] })).toBe(pair[0])
  expect(matched(tableOf('login', [pair[0]]), { login: pair[1] })).toBe('none')
})

test('notes from before an oracle are still there when it is answered, whoever was asked meanwhile', () => {
  const note = (text: string, to: number) =>
    ({ kind: 'note', note: 'observe', at: `deny.${text}`, code: 550, status: '5.7.1', text, to }) as const
  const bundle = shipped({
    ...emptyGraph,
    nodes: [
      note('first', 1),
      {
        kind: 'oracle',
        oracle: { kind: 'check', id: 'helo' },
        outcomes: { listed: 2, clear: 3, error: 3 },
        at: 'checks.helo',
      },
      note('second', 3),
      { kind: 'next', at: null },
      { kind: 'discard', at: null },
    ],
    entry: {
      ...Object.fromEntries(Object.keys(emptyGraph.entry).map((stage) => [stage, 3])),
      mail: 0,
      route: 4,
    } as Graph['entry'],
  })
  for (const evaluator of both(bundle)) {
    const asking = admitSender(evaluator, facts({ sender: 'a@b.test' })) as Asking<Verdict>
    expect(asking.kind).toBe('ask')
    // Another session in between.
    evaluator.start('connect', facts())
    expect(evaluator.notes()).toBe(noNotes)
    const texts = (outcome: Outcome) => (asking.answer(outcome) as Verdict).notes.map(({ text }) => text)
    expect(texts('listed')).toEqual(['first', 'second'])
    expect(texts('clear')).toEqual(['first'])
  }
})

const filler: Readonly<Record<string, (i: number) => string>> = {
  client: (i) => `172.${16 + (i >> 8)}.${i & 255}.0/24`,
  sender: (i) => `filler${i}.test`,
  recipient: (i) => `filler${i}.test`,
  'local-part': (i) => `filler${i}`,
  login: (i) => `filler${i}@a.test`,
  certificate: (i) => `sha256:${i.toString(16).padStart(64, '0')}`,
  helo: (i) => `filler${i}.test`,
}
for (const on of tableFacts.filter((one) => one !== 'destination')) {
  test(`of a large table of ${on} too the interpreter says what the run-time form says, and what a small one says`, () => {
    const many = Array.from({ length: 600 }, (_, i) => filler[on]!(i))
    const small = tableOf(on, patternsOf[on])
    const large = tableOf(on, [...patternsOf[on], ...many])
    const [small1] = both(small)
    const [plain, fast] = both(large)
    const said = (one: Evaluator, told: Facts) => {
      const leaf = one.leaf(one.start('mail', told))
      return leaf.kind === 'refuse' ? leaf.text : 'none'
    }
    const seen = new Set<string>()
    fc.assert(
      fc.property(randomFacts, (told) => {
        const want = said(small1, told)
        seen.add(want)
        expect([said(plain, told), said(fast, told)]).toEqual([want, want])
      }),
      { numRuns: 300 },
    )
    expect(seen.size).toBeGreaterThan(1)
  })
}

const wrong: readonly (readonly [string, Graph['nodes'][number]])[] = [
  ['cases other than tls', { kind: 'choice', on: 'tls', cases: [['clear', 1]], otherwise: 2 }],
  ['a login that is not folded', { kind: 'table', on: 'login', rows: [['Joe', 1, '']], otherwise: 2 }],
  ['the word for nobody as a login', { kind: 'table', on: 'login', rows: [['<none>', 1, '']], otherwise: 2 }],
  ['a domain of logins with an @', { kind: 'table', on: 'login', rows: [['*@a@b', 1, '']], otherwise: 2 }],
  ['half a digest', { kind: 'table', on: 'certificate', rows: [['sha256:00', 1, '']], otherwise: 2 }],
  ['an address literal as a HELO pattern', { kind: 'table', on: 'helo', rows: [['[192.0.2.1]', 1, '']], otherwise: 2 }],
  ['a mark with a line end', { kind: 'note', note: 'tag', at: '', code: 0, status: '', text: 'a\nb', to: 1 }],
  ['a mark with a code', { kind: 'note', note: 'tag', at: '', code: 550, status: '5.7.1', text: 'a', to: 1 }],
  [
    'an observed reply of success',
    { kind: 'note', note: 'observe', at: '', code: 250, status: '2.0.0' as '4.0.0', text: 'a', to: 1 },
  ],
  [
    'an oracle that nobody knows',
    {
      kind: 'oracle',
      oracle: { kind: 'magic', id: 'x' } as never,
      outcomes: { listed: 1, clear: 2, error: 2 },
      at: '',
    },
  ],
  [
    'a rate of a part of a message',
    {
      kind: 'oracle',
      oracle: { kind: 'rate', id: 'x', of: 'messages', most: 0.5, perMs: 1000, by: 'entry' },
      outcomes: { listed: 1, clear: 2, error: 2 },
      at: '',
    },
  ],
]
for (const [what, node] of wrong) {
  test(`a bundle is refused that has ${what}`, () => {
    const graph: Graph = {
      ...emptyGraph,
      nodes: [
        node,
        { kind: 'next', at: null },
        { kind: 'refuse', code: 550, status: '5.7.1', text: '', at: null },
        { kind: 'discard', at: null },
      ],
      entry: {
        ...Object.fromEntries(Object.keys(emptyGraph.entry).map((stage) => [stage, 1])),
        mail: 0,
        data: 2,
        route: 3,
      } as Graph['entry'],
    }
    const text = JSON.stringify({
      ...makeBundle(
        { ...graph, nodes: graph.nodes.slice(1), entry: { ...emptyGraph.entry, route: 0 } },
        { files: [], places: [] },
      ),
      graph,
    })
    const read = readBundle(text)
    expect(read.ok ? 'read' : read.error).toMatch(/^not a bundle: graph\.nodes\[0\]/)
  })
}
