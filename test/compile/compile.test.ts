import { expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import type { Document } from '../../src/config/document.ts'
import type { Position } from '../../src/config/positions.ts'
import { makeBundle, readBundle, writeBundle } from '../../src/graph/bundle.ts'
import { edgesOf, type Table } from '../../src/graph/graph.ts'
import { noSources } from '../../src/graph/sources.ts'
import { aDocument, alias, client, deny, domain, list, listener, mailbox, route } from './a-document.ts'

const problems = (part: Partial<Document>) =>
  compile(aDocument(part)).diagnostics.map(({ code, severity, message }) => `${severity} ${code} ${message}`)

const closed = [domain('example.com', 'local', ['joe', 'postmaster'])]
const wrongs: readonly [name: string, part: Partial<Document>, want: readonly RegExp[]][] = [
  [
    'an alias that is its own target',
    { domains: closed, aliases: [alias('a@example.com', 'a@example.com')] },
    [/error MG2002 aliases\["a@example.com"\]: leads back to itself: a@example.com -> a@example.com/],
  ],
  [
    'aliases in a circle, with the whole way round',
    {
      domains: closed,
      aliases: [
        alias('a@example.com', 'joe@example.com', 'b@example.com'),
        alias('b@example.com', 'C@example.com'),
        alias('c@example.com', 'A@example.com'),
      ],
    },
    [
      /error MG2002 aliases\["c@example.com"\]: leads back to itself: a@example.com -> b@example.com -> C@example.com -> A@example.com/,
    ],
  ],
  [
    'an alias to nobody',
    { domains: closed, aliases: [alias('a@example.com', 'jim@example.com')] },
    [
      /error MG2003 aliases\["a@example.com"\]: jim@example.com does not exist: it is not among the recipients of example.com/,
    ],
  ],
  [
    'an alias to what would be parked',
    {
      domains: [...closed, domain('p.test', 'local', ['joe'], { kind: 'park' })],
      aliases: [alias('a@example.com', 'jim@p.test')],
    },
    [/MG2003/],
  ],
  [
    'an alias without a route',
    { localMx: [], domains: closed, aliases: [alias('a@example.com', 'x@remote.test')] },
    [/error MG2004 aliases\["a@example.com"\]: mail for x@remote.test has no route/],
  ],
  [
    'an alias to a rejected domain',
    {
      localMx: [route('*', { kind: 'reject', code: 550, status: '5.1.2', text: 'no' })],
      domains: closed,
      aliases: [alias('a@example.com', 'x@remote.test')],
    },
    [/MG2004 .* is rejected by localMx/],
  ],
  [
    'a catch-all that does not exist itself',
    {
      domains: [
        domain('example.com'),
        domain('c.test', 'local', ['joe'], { kind: 'catch-all', to: mailbox('all@c.test') }),
      ],
    },
    [/error MG2002 domains\["c.test"\]: leads back to itself/],
  ],
  [
    'a postmaster without a route',
    { localMx: [], postmaster: mailbox('me@remote.test') },
    [/error MG2004 postmaster: mail for me@remote.test has no route/],
  ],
  [
    'a relay domain without a route',
    { localMx: [], domains: [domain('example.com'), domain('far.test', 'relay')] },
    [/error MG2004 domains\["far.test"\]: mail for far.test has no route/],
  ],
  [
    'a local domain that is routed away',
    { localMx: [route('example.com', { kind: 'relay', relay: 'isp' })] },
    [/error MG2006 localMx\["example.com"\]: example.com is a local domain and routed elsewhere/],
  ],
  [
    'one network in two clients',
    { clients: [client('a', ['10.0.0.0/8']), client('b', ['10.0.0.0/8'])] },
    [/error MG2001 clients.b.networks\["10.0.0.0\/8"\]: 10.0.0.0\/8 is written twice/],
  ],
  [
    'a route written twice',
    { localMx: [route('*', { kind: 'relay', relay: 'isp' }), route('*', { kind: 'discard' })] },
    [/error MG2001 localMx\["\*"\]/],
  ],
  [
    'a deny rule behind one that covers it',
    { deny: [deny(0, { client: ['10.0.0.0/8'] }), deny(1, { client: ['10.1.0.0/16', '10.2.3.4/32'] })] },
    [/warning MG2005 deny\[1\]: never decides: deny\[0\] covers all of it/],
  ],
  [
    'a deny rule against the postmaster alone',
    { deny: [deny(0, { recipient: ['postmaster@example.com', 'abuse@example.com'] })] },
    [/warning MG2005 deny\[0\]: never decides: postmaster@example.com, abuse@example.com is always accepted/],
  ],
]
for (const [name, part, want] of wrongs) {
  test(`said of a document: ${name}`, () => {
    const got = problems(part)
    expect(got).toHaveLength(want.length)
    for (const [i, pattern] of want.entries()) expect(got[i]).toMatch(pattern)
  })
}

const rights: readonly [name: string, part: Partial<Document>][] = [
  [
    'an alias to a postmaster that no list has',
    {
      domains: [domain('example.com', 'local', ['joe'])],
      postmaster: mailbox('joe@example.com'),
      aliases: [alias('a@example.com', 'abuse@example.com')],
    },
  ],
  [
    'an alias to a mailbox that its catch-all takes',
    {
      domains: [...closed, domain('c.test', 'local', ['joe'], { kind: 'catch-all', to: mailbox('joe@c.test') })],
      aliases: [alias('a@example.com', 'who@c.test')],
    },
  ],
  [
    'two aliases to one',
    {
      domains: closed,
      aliases: [
        alias('a@example.com', 'b@example.com', 'c@example.com'),
        alias('b@example.com', 'joe@example.com'),
        alias('c@example.com', 'joe@example.com'),
      ],
    },
  ],
  [
    'a deny rule of which a part is left',
    { deny: [deny(0, { client: ['10.0.0.0/8'] }), deny(1, { client: ['10.1.0.0/16', '11.0.0.0/8'] })] },
  ],
  ['a local domain with a hold in localMx', { localMx: [route('example.com', { kind: 'hold', reason: 'move' })] }],
]
for (const [name, part] of rights) test(`nothing is said of ${name}`, () => expect(problems(part)).toEqual([]))

test('a diagnostic has the place of its element, or of the nearest around it', () => {
  const place = (line: number): Position => ({ file: '/x/mailgw.config.ts', line, column: 1, endColumn: 5 })
  const places = new Map([
    ['deny[0]', place(3)],
    ['deny[1]', place(4)],
    ['domains', place(7)],
  ])
  const { diagnostics } = compile(
    aDocument({
      localMx: [],
      domains: [domain('example.com'), domain('far.test', 'relay')],
      deny: [deny(0, { client: ['10.0.0.0/8'] }), deny(1, { client: ['10.1.0.0/16'] })],
    }),
    (at) => places.get(at) ?? null,
  )
  expect(
    diagnostics.map(({ position, related }) => [position?.line, related.map((other) => other.position.line)]),
  ).toEqual([
    [4, [3]],
    [7, []],
  ])
})

test('rules of one dimension that follow each other are one table', () => {
  const many = Array.from({ length: 500 }, (_, i) =>
    deny(i, { sender: [`d${i}.test`] }, { code: 550, status: '5.7.1', text: 'no' }),
  )
  const { graph } = compile(aDocument({ deny: many }))
  const senders = graph.nodes.filter((node): node is Table => node.kind === 'table' && node.on === 'sender')
  expect(senders.map(({ rows }) => rows.length)).toEqual([500])
  expect(senders[0]!.rows.find(([pattern]) => pattern === 'd7.test')?.[2]).toBe('deny[7]')
})

test('ten thousand rules with two conditions each are a graph, not a stack overflow', () => {
  const many = Array.from({ length: 10_000 }, (_, i) => deny(i, { sender: [`d${i}.test`], client: ['10.0.0.0/8'] }))
  const { graph, diagnostics } = compile(aDocument({ deny: many }))
  expect(diagnostics).toEqual([])
  expect(readBundle(writeBundle(makeBundle(graph, noSources))).ok).toBe(true)
})

test('an alias chain of ten thousand is followed to its end', () => {
  const aliases = Array.from({ length: 10_000 }, (_, i) =>
    alias(`a${i}@example.com`, i === 9999 ? 'joe@example.com' : `a${i + 1}@example.com`),
  )
  const { graph, diagnostics } = compile(aDocument({ domains: closed, aliases }))
  expect(diagnostics).toEqual([])
  expect(graph.nodes.filter((node) => node.kind === 'expand').map(({ to }) => to)).toContainEqual(['joe@example.com'])
})

test('every edge leads to a higher number, and equal nodes are one', () => {
  const { graph } = compile(
    aDocument({
      dnsbl: [list('zen')],
      listeners: [listener('a', 'mx'), listener('b', 'mx'), listener('c', 'internal')],
      deny: [deny(0, { listeners: ['a'] }), deny(1, { sender: ['x.test'], sizeOverBytes: 5 })],
    }),
  )
  for (const [id, node] of graph.nodes.entries()) for (const to of edgesOf(node)) expect(to).toBeGreaterThan(id)
  expect(new Set(graph.nodes.map((node) => JSON.stringify(node))).size).toBe(graph.nodes.length)
  expect(graph.entry.connect).toBe(0)
})

test('what no walk decides is in the control part, by name', () => {
  const { graph } = compile(aDocument({ listeners: [listener('mx', 'mx'), listener('lan', 'internal')] }))
  expect(graph.control.listeners.map(({ name }) => name)).toEqual(['lan', 'mx'])
  expect(JSON.stringify(graph.control)).not.toContain('"at"')
  expect(graph.control.postmaster).toBe('postmaster@example.com')
})
