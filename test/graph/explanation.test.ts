import { expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import { makeBundle } from '../../src/graph/bundle.ts'
import { explain } from '../../src/graph/explanation.ts'
import { explanationText } from '../../src/graph/explanation-text.ts'
import { flatOf } from '../../src/graph/flat.ts'
import { flatten } from '../../src/graph/flat-build.ts'
import type { Outcome } from '../../src/graph/graph.ts'
import { interpreter } from '../../src/graph/interpret.ts'
import { flatEvaluator } from '../../src/graph/runtime.ts'
import { sourcesOf } from '../../src/graph/sources.ts'
import { aDocument, alias, deny, facts, list, type Said } from '../compile/a-document.ts'

const { graph } = compile(
  aDocument({
    dnsbl: [list('zen'), list('two', { onError: 'defer' })],
    deny: [
      deny(0, { client: ['10.0.0.0/9'], sender: ['spam.example'] }),
      deny(1, { recipient: ['full@example.com'], sizeOverBytes: 10 }),
    ],
    aliases: [alias('both@example.com', 'joe@example.com', 'far@remote.example')],
  }),
)
const bundle = makeBundle(
  graph,
  sourcesOf(graph, (at) => ({ file: 'mailgw.config.ts', line: at.length, column: 3 })),
)
const plain = interpreter(graph, bundle.sources)
const fast = flatEvaluator(flatOf(flatten(bundle)))

const described = (said: Said) => ({ ...facts({ hops: 0, sizeBytes: 500, sender: 'a@b.example', ...said }) })
const text = (said: Said, assume: Record<string, Outcome> = {}) =>
  explanationText(explain(plain, described(said), new Map(Object.entries(assume))))

test('what no oracle decides is one straight line, with the row, file, line and column of each decision', () => {
  expect(text({ client: '10.1.2.3', recipient: 'both@example.com' })).toMatchInlineSnapshot(`
    "message  10.1.2.3 at mx, from a@b.example, to both@example.com, 500 octets, 0 hops
    graph    g1:h7l2lxbgwcsvdgb5sjessg4dfespjph2kvvghsihpteqz3xbncaa

    connect  passes
    mail     passes
               client 10.1.2.3: matches 10.0.0.0/9                deny[0] mailgw.config.ts:7:3
               sender a@b.example: no row matches                 deny[0] mailgw.config.ts:7:3
               listener mx: matches mx
               size 500: within                                   listeners.mx.maxSize mailgw.config.ts:20:3
    rcpt     both@example.com goes to joe@example.com, far@remote.example  by aliases["both@example.com"] mailgw.config.ts:27:3
               local-part both: no row matches
               client 10.1.2.3: matches 10.0.0.0/8                clients.office.networks["10.0.0.0/8"] mailgw.config.ts:37:3
               recipient both@example.com: matches both@example.com  aliases["both@example.com"] mailgw.config.ts:27:3
    route    joe@example.com delivered into mail                  by domains["example.com"] mailgw.config.ts:22:3
               recipient joe@example.com: matches example.com     domains["example.com"] mailgw.config.ts:22:3
    route    far@remote.example to relay isp                      by localMx["*"] mailgw.config.ts:12:3
               recipient far@remote.example: matches *            localMx["*"] mailgw.config.ts:12:3
    data     both@example.com passes
               recipient both@example.com: no row matches         deny[1] mailgw.config.ts:7:3
               listener mx: matches mx
               size 500: within                                   listeners.mx.maxSize mailgw.config.ts:20:3
               hops 0: within                                     limits.maxHops mailgw.config.ts:14:3
    => accepted
       joe@example.com delivered into mail
       far@remote.example to relay isp
    "
  `)
})

test('an oracle that nobody answers is a tree of all its outcomes', () => {
  expect(text({ recipient: 'joe@example.com' })).toMatchInlineSnapshot(`
    "message  203.0.113.9 at mx, from a@b.example, to joe@example.com, 500 octets, 0 hops
    graph    g1:h7l2lxbgwcsvdgb5sjessg4dfespjph2kvvghsihpteqz3xbncaa

    connect  passes
    mail     passes
               client 203.0.113.9: no row matches                 deny[0] mailgw.config.ts:7:3
               listener mx: matches mx
               size 500: within                                   listeners.mx.maxSize mailgw.config.ts:20:3
    rcpt     joe@example.com waits for an answer                  by domains["example.com"] mailgw.config.ts:22:3
               local-part joe: no row matches
               client 203.0.113.9: no row matches
               recipient joe@example.com: matches example.com     domains["example.com"] mailgw.config.ts:22:3
               listener mx: matches mx
    depends on dnsbl.zen (zen.dnsbl.example)
    if dnsbl.zen = listed
      rcpt     joe@example.com refused 554 5.7.1 listed by zen      by dnsbl["zen"] mailgw.config.ts:12:3
      => refused at rcpt: 554 5.7.1 listed by zen
    if dnsbl.zen = clear or error
      rcpt     joe@example.com waits for an answer                  by dnsbl["zen"] mailgw.config.ts:12:3
      depends on dnsbl.two (two.dnsbl.example)
      if dnsbl.two = listed
        rcpt     joe@example.com refused 554 5.7.1 listed by two      by dnsbl["two"] mailgw.config.ts:12:3
        => refused at rcpt: 554 5.7.1 listed by two
      if dnsbl.two = clear
        rcpt     joe@example.com passes                               by domains["example.com"] mailgw.config.ts:22:3
                   recipient joe@example.com: matches example.com     domains["example.com"] mailgw.config.ts:22:3
        route    joe@example.com delivered into mail                  by domains["example.com"] mailgw.config.ts:22:3
                   recipient joe@example.com: matches example.com     domains["example.com"] mailgw.config.ts:22:3
        data     joe@example.com passes
                   recipient joe@example.com: no row matches          deny[1] mailgw.config.ts:7:3
                   listener mx: matches mx
                   size 500: within                                   listeners.mx.maxSize mailgw.config.ts:20:3
                   hops 0: within                                     limits.maxHops mailgw.config.ts:14:3
        => accepted
           joe@example.com delivered into mail
      if dnsbl.two = error
        rcpt     joe@example.com refused 451 4.7.1 your address cannot be checked now, try again later  by dnsbl["two"] mailgw.config.ts:12:3
        => refused at rcpt: 451 4.7.1 your address cannot be checked now, try again later
    "
  `)
})

test('an assumed answer is followed alone', () => {
  const { outcome } = explain(plain, described({ recipient: 'joe@example.com' }), new Map([['dnsbl.zen', 'listed']]))
  expect(outcome.end).toEqual({
    kind: 'refused',
    stage: 'rcpt',
    reply: { code: 554, status: '5.7.1', text: 'listed by zen' },
  })
  const all = explain(
    plain,
    described({ recipient: 'joe@example.com' }),
    new Map([
      ['dnsbl.zen', 'error'],
      ['dnsbl.two', 'clear'],
    ]),
  )
  expect(all.outcome.end).toEqual({
    kind: 'accepted',
    finals: [{ mailbox: 'joe@example.com', route: 'delivered into mail' }],
  })
})

test('a stage whose facts are not given is not asked', () => {
  const { sender, recipient, ...rest } = described({})
  const { outcome } = explain(plain, { ...rest, sender: undefined, recipient: null })
  expect(sender).toBeDefined()
  expect(recipient).toBeNull()
  expect(outcome.walks.map(({ stage }) => stage)).toEqual(['connect'])
  expect(outcome.end).toEqual({ kind: 'accepted', finals: [] })
})

test('refusals name their stage', () => {
  const end = (said: Said) => {
    const found = explain(plain, described({ client: '10.1.2.3', ...said })).outcome.end
    return found.kind === 'refused' ? `${found.stage} ${found.reply.code}` : found.kind
  }
  expect(end({ sender: 'x@spam.example', recipient: 'joe@example.com' })).toBe('mail 550')
  expect(end({ recipient: 'full@example.com' })).toBe('data 550')
  expect(end({ recipient: 'joe@example.com', sizeBytes: 5000 })).toBe('mail 552')
  expect(end({ recipient: 'joe@example.com', hops: 101 })).toBe('data 554')
})

test('the running form explains the same, without the path inside of each stage', () => {
  const pathless = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value, (key, item) => (key === 'path' ? [] : item)))
  for (const recipient of ['joe@example.com', 'both@example.com', 'x@remote.example']) {
    for (const client of ['10.1.2.3', '203.0.113.9']) {
      expect(pathless(explain(fast, described({ client, recipient })))).toEqual(
        pathless(explain(plain, described({ client, recipient }))),
      )
    }
  }
})
