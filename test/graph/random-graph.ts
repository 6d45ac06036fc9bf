import fc from 'fast-check'
import { compile } from '../../src/compile/compile.ts'
import type { Facts } from '../../src/graph/evaluator.ts'
import type { Graph, Leaf, Node, Oracle, Stage, TableFact } from '../../src/graph/graph.ts'
import { stages } from '../../src/graph/graph.ts'
import { byCodeUnits } from '../../src/graph/pattern.ts'
import { pruned } from '../../src/graph/renumber.ts'
import { aDocument, facts } from '../compile/a-document.ts'

/**
 * Graphs that no document need give: any question after any other, in any stage that may ask it. Patterns and facts come
 * from the same few names, and from what strangers would say to be taken for somebody else.
 */
const digest = (unit: string) => `sha256:${unit.repeat(64)}`
export const patternsOf: Readonly<Record<TableFact, readonly string[]>> = {
  client: ['0.0.0.0/0', '10.0.0.0/8', '10.1.2.3/32', '2001:db8::/32', '::/0'],
  destination: ['192.0.2.0/24', '::/0'],
  sender: ['<>', '*', 'a.test', '*.a.test', 'joe@a.test'],
  recipient: ['*', 'a.test', '*.a.test', 'joe@a.test', '*.test'],
  'local-part': ['joe', 'ann'],
  login: ['*', '*@a.test', 'joe', 'joe@a.test', 'ann@sub@a.test', 'bj\u00f6rn@a.test', '*joe', '\u5f20@a.test'],
  certificate: ['*', digest('a'), digest('b')],
  helo: ['*', 'a.test', '*.a.test', 'mx.a.test', '*.test', 'test', 'localhost'],
}
const said = {
  login: [
    'joe',
    'joe@a.test',
    'ann@a.test',
    'ann@sub@a.test',
    '*@a.test',
    '*',
    '*joe',
    '@a.test',
    'joe@',
    '<none>',
    '',
    'bj\u00f6rn@a.test',
    '\u5f20@a.test',
    'x@b.test',
    'a.test',
    '*@',
    'JOE',
  ],
  certificate: [digest('a'), digest('b'), digest('c'), '*', 'sha256:', digest('A')],
  helo: [
    'a.test',
    'A.Test',
    'mx.a.test',
    'MX.A.TEST.',
    'x.mx.a.test',
    'a.test.',
    '.a.test',
    'a.test..',
    '[192.0.2.1]',
    '[IPv6:2001:db8::1]',
    'test',
    'localhost',
    'LOCALHOST.',
    '\u212a.a.test',
    'm\u00fcnchen.a.test',
    '',
    '.',
    '*.a.test',
    '*',
    `${'a.'.repeat(126)}test`,
    `${'a.'.repeat(127)}test`,
    `${'a'.repeat(300)}.a.test`,
  ],
} as const

const oracles: readonly Oracle[] = [
  { kind: 'dnsbl', id: 'zen', zone: 'zen.test', codes: ['127.0.0.0/8'] },
  { kind: 'check', id: 'helo' },
  { kind: 'own-sender', id: 'staff' },
  { kind: 'recipient', id: 'directory' },
  { kind: 'rate', id: 'printers', of: 'messages', most: 30, perMs: 3_600_000, by: 'address' },
]
const leaves: readonly Leaf[] = [
  { kind: 'next', at: null },
  { kind: 'refuse', code: 550, status: '5.7.1', text: 'no', at: null },
  { kind: 'refuse', code: 451, status: '4.7.1', text: 'later', at: 'deny[9]' },
]

/** What a node is, with its edges as numbers that are yet to be led to a later node. */
const draft = fc.oneof(
  fc.record({ is: fc.constant('tls' as const), edges: fc.tuple(fc.nat(), fc.nat()) }),
  fc.record({ is: fc.constant('listener' as const), edges: fc.tuple(fc.nat(), fc.nat()) }),
  {
    weight: 6,
    arbitrary: fc
      .constantFrom<TableFact>('login', 'login', 'certificate', 'helo', 'helo', 'client', 'sender', 'recipient')
      .chain((on) =>
        fc.record({
          is: fc.constant('table' as const),
          on: fc.constant(on),
          rows: fc.uniqueArray(
            fc.tuple(fc.constantFrom(...patternsOf[on]), fc.nat(), fc.constantFrom('', 'deny[1]', 'clients.x')),
            {
              selector: ([pattern]) => pattern,
              minLength: 1,
            },
          ),
          edges: fc.tuple(fc.nat()),
        }),
      ),
  },
  fc.record({
    is: fc.constant('oracle' as const),
    oracle: fc.constantFrom(...oracles),
    edges: fc.tuple(fc.nat(), fc.nat(), fc.nat()),
  }),
  fc.record({
    is: fc.constantFrom('observe' as const, 'tag' as const),
    word: fc.constantFrom('a', 'b'),
    edges: fc.tuple(fc.nat()),
  }),
)
type Draft = typeof draft extends fc.Arbitrary<infer T> ? T : never

const { graph: base } = compile(
  aDocument({
    recipientChecks: [
      {
        at: 'recipientChecks.directory',
        id: 'directory',
        onError: 'defer',
        timeoutMs: 1,
        positiveMs: 1,
        negativeMs: 1,
        staleMs: 1,
        entries: 1,
        kind: 'callout',
        perMinute: 1,
      },
    ],
  }),
)

export const randomGraph: fc.Arbitrary<Graph> = fc
  .tuple(fc.array(draft, { minLength: 1, maxLength: 12 }), fc.array(fc.nat(), { minLength: 4, maxLength: 4 }))
  .map(([drafts, entries]) => {
    const inner = drafts.length
    const nodes: Node[] = [
      ...drafts.map((one, id) => nodeOf(one, (to) => id + 1 + (to % (inner + leaves.length - id - 1)))),
      ...leaves,
    ]
    const asked: readonly Stage[] = ['helo', 'auth', 'mail', 'data']
    const entry = Object.fromEntries(
      stages.map((stage) => {
        const at = asked.indexOf(stage)
        if (at >= 0) return [stage, entries[at]! % (inner + 1)]
        return [stage, stage === 'route' ? inner + 1 : inner]
      }),
    ) as Graph['entry']
    return pruned({ ...base, nodes, entry })
  })

function nodeOf(one: Draft, to: (edge: number) => number): Node {
  const [first = 0, second = 0, third = 0] = one.edges
  switch (one.is) {
    case 'tls':
      return { kind: 'choice', on: 'tls', cases: [['tls', to(first)]], otherwise: to(second) }
    case 'listener':
      return { kind: 'choice', on: 'listener', cases: [['mx', to(first)]], otherwise: to(second) }
    case 'table':
      return {
        kind: 'table',
        on: one.on,
        rows: one.rows
          .map(([pattern, edge, at]) => [pattern, to(edge), at] as const)
          .sort(([a], [b]) => byCodeUnits(a, b)),
        otherwise: to(first),
      }
    case 'oracle':
      return {
        kind: 'oracle',
        oracle: one.oracle,
        outcomes: { listed: to(first), clear: to(second), error: to(third) },
        at: `dnsbl[0]`,
      }
    case 'observe':
      return {
        kind: 'note',
        note: 'observe',
        at: `deny.${one.word}`,
        code: 550,
        status: '5.7.1',
        text: one.word,
        to: to(first),
      }
    case 'tag':
      return { kind: 'note', note: 'tag', at: `checks.${one.word}`, code: 0, status: '', text: one.word, to: to(first) }
  }
}

const maybe = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: null, freq: 4 })

export const randomFacts: fc.Arbitrary<Facts> = fc
  .record({
    listener: fc.constantFrom('mx', 'lan', 'tls', ''),
    client: fc.constantFrom('10.1.2.3', '10.9.9.9', '192.0.2.1', '2001:db8::1', '::1'),
    sender: fc.constantFrom('<>', 'joe@a.test', 'x@b.a.test', 'x@c.test'),
    recipient: fc.constantFrom('joe@a.test', 'Ann@x.a.test', 'x@c.test'),
    tls: fc.boolean(),
    login: maybe(said.login),
    certificate: maybe(said.certificate),
    helo: maybe(said.helo),
  })
  .map(({ login, certificate, helo, ...rest }) => ({ ...facts(rest), login, certificate, helo }))
