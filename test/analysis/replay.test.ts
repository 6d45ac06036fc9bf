import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Change, ChangeSet } from '../../src/analysis/change-set.ts'
import { replay } from '../../src/analysis/replay.ts'
import { compile } from '../../src/compile/compile.ts'
import type { Document } from '../../src/config/document.ts'
import { behaviourKey, behaviourOf } from '../../src/graph/behaviour.ts'
import { type Box, everyMessage } from '../../src/graph/box.ts'
import { type Bundle, makeBundle } from '../../src/graph/bundle.ts'
import { bareLine } from '../../src/graph/evaluator.ts'
import type { Outcome } from '../../src/graph/graph.ts'
import { interpreter } from '../../src/graph/interpret.ts'
import { prefixed } from '../../src/graph/renumber.ts'
import { noSources } from '../../src/graph/sources.ts'
import type { EnvelopeRecord } from '../../src/mail/envelope-record.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import { aDocument, deny, domain, list, mailbox, route } from '../compile/a-document.ts'
import { randomDocument, randomQuestion } from '../graph/random-document.ts'
import { seed } from '../support/seed.ts'

const bundleOf = (document: Document): Bundle | null => {
  const { graph, diagnostics } = compile(document)
  return diagnostics.some(({ severity }) => severity === 'error') ? null : makeBundle(graph, noSources)
}
const bundled = (part: Partial<Document>): Bundle => bundleOf(aDocument(part))!

const changeOf = (box: Partial<Box>): Change =>
  ({ kind: 'rerouted', box: { ...everyMessage, ...box }, moves: [], causes: [], witness: null }) as unknown as Change
const changeSet = (...boxes: readonly Partial<Box>[]): ChangeSet => ({
  format: 'mailgw-changes/1',
  hash: '',
  base: '',
  next: '',
  changes: boxes.map(changeOf),
  destinations: [],
  settings: [],
  unknown: [],
})

const record = (part: Partial<EnvelopeRecord> = {}): EnvelopeRecord => ({
  time: 1_700_000_000_000,
  listener: 'lan',
  client: '10.1.2.3',
  from: 'ann@example.com',
  to: 'x@far.example',
  size: 100,
  hops: 0,
  answers: {},
  verdict: 'accepted',
  stage: 'data',
  code: 250,
  at: '',
  graph: 'g1:x',
  id: null,
  ...part,
})

const relayed = route('*', { kind: 'relay', relay: 'isp' })
const toHost = (pattern: string) => route(pattern, { kind: 'hosts', hosts: [{ host: 'new.example', port: 25 }] })

test(`a record differs exactly when the plain evaluator says so of the two graphs (seed ${seed})`, () => {
  let differing = 0
  fc.assert(
    fc.property(
      randomDocument,
      randomDocument,
      fc.array(randomQuestion, { minLength: 30, maxLength: 30 }),
      fc.constantFrom<Outcome>('listed', 'clear', 'error'),
      (one, other, questions, outcome) => {
        const [before, after] = [bundleOf(one), bundleOf(other)]
        fc.pre(before !== null && after !== null)
        const answers = Object.fromEntries([0, 1, 2].map((i) => [`dnsbl.list${i}`, outcome]))
        const records = questions.map((said) =>
          record({
            listener: said.listener!,
            client: said.client!,
            from: said.sender ?? '<>',
            to: said.recipient ?? 'joe@a.test',
            size: said.sizeBytes ?? null,
            hops: said.hops ?? null,
            answers,
          }),
        )
        const asked = new Map(Object.entries(answers))
        const [old, next] = [interpreter(before!.graph), interpreter(after!.graph)]
        const expected = records.filter((said) => {
          const message = {
            ...bareLine,
            listener: said.listener,
            client: said.client as IpAddress,
            sender: said.from === '<>' ? null : mailbox(said.from!),
            recipient: mailbox(said.to!),
            sizeBytes: said.size,
            hops: said.hops,
          }
          const [from, to] = [behaviourOf(old, message, asked), behaviourOf(next, message, asked)]
          if (from.kind === 'asks' || to.kind === 'asks') throw new Error('every oracle was answered')
          // A route that refuses does so at RCPT: the same reply at the same moment.
          const key = ({ behaviour }: typeof from) =>
            behaviourKey(
              behaviour.kind === 'refused' && behaviour.stage === 'route' ? { ...behaviour, stage: 'rcpt' } : behaviour,
            )
          return key(from) !== key(to)
        }).length
        const result = replay(records, before!, after!, changeSet({}))
        expect(result.changes[0]!.records).toBe(expected)
        expect(result.outside.records).toBe(0)
        expect(result.unknown).toEqual({ oracles: {}, hashed: 0, unreadable: 0 })
        differing += expected
      },
    ),
    { numRuns: 60 },
  )
  expect(differing).toBeGreaterThan(0)
})

test('each record counts in the change whose box holds it, with its move, and others in none', () => {
  const before = bundled({ localMx: [relayed] })
  const after = bundled({ localMx: [relayed, toHost('far.example'), toHost('near.example')] })
  const [far, near] = [
    { recipients: [{ pattern: 'far.example', except: [] }] },
    { recipients: [{ pattern: 'near.example', except: [] }] },
  ]
  const records = [
    record(),
    record({ client: '10.1.2.4', time: 1_700_000_000_500 }),
    record({ to: 'x@near.example', time: 1_699_999_999_000 }),
    record({ to: 'x@elsewhere.example' }),
  ]
  expect(replay(records, before, after, changeSet(near, far))).toEqual({
    records: 4,
    since: 1_699_999_999_000,
    until: 1_700_000_000_500,
    changes: [
      { records: 1, clients: 1, moves: [{ from: 'relay isp', to: 'to new.example:25', records: 1 }] },
      { records: 2, clients: 2, moves: [{ from: 'relay isp', to: 'to new.example:25', records: 2 }] },
    ],
    outside: { records: 0, moves: [] },
    unknown: { oracles: {}, hashed: 0, unreadable: 0 },
  })
})

test('what differs and lies in no change is told apart', () => {
  const before = bundled({ localMx: [relayed] })
  const after = bundled({ localMx: [toHost('*')] })
  const result = replay([record()], before, after, changeSet({ listeners: ['mx'] }))
  expect(result.changes[0]!.records).toBe(0)
  expect(result.outside).toEqual({
    records: 1,
    moves: [{ from: 'relay isp', to: 'to new.example:25', records: 1 }],
  })
})

test('an oracle that was not asked then is unknown, not assumed', () => {
  const before = bundled({})
  const after = bundled({ dnsbl: [list('zen')] })
  const outsider = record({ listener: 'mx', client: '192.0.2.1', from: 'a@b.example', to: 'ann@example.com' })
  const result = replay([outsider, outsider, record()], before, after, changeSet({}))
  expect(result.unknown.oracles).toEqual({ 'dnsbl.zen': 2 })
  expect(result.changes[0]!.records).toBe(0)
  const listed = replay([{ ...outsider, answers: { 'dnsbl.zen': 'listed' } }], before, after, changeSet({}))
  expect(listed.unknown.oracles).toEqual({})
  expect(listed.changes[0]!.records).toBe(1)
})

test('a client that was refused before it named anybody is weighed where it could have belonged', () => {
  const before = bundled({ deny: [deny(0, { client: ['192.0.2.0/24'] })] })
  const after = bundled({})
  const refused = record({ listener: 'mx', client: '192.0.2.1', from: null, to: null, verdict: 'refused', code: 550 })
  const box = {
    clients: [{ pattern: '192.0.2.0/24', except: [] }],
    recipients: [{ pattern: 'example.com', except: [] }],
  }
  expect(replay([refused], before, after, changeSet(box)).changes[0]).toMatchObject({
    records: 1,
    moves: [{ to: 'accepted so far' }],
  })
})

test('what cannot be read is counted and harms nothing', () => {
  const result = replay(
    [record({ client: 'no address' }), record({ to: 'nobody' }), record({ from: '@' }), record()],
    bundled({}),
    bundled({}),
    changeSet(),
  )
  expect(result).toMatchObject({ records: 4, unknown: { unreadable: 3 } })
})

const hash = (localPart: string, at: string): string =>
  `~${createHmac('sha256', 'key').update(`${localPart}@${at}`).digest('hex').slice(0, 16)}`

test('hashed local parts are unknown where a graph tells local parts apart, and exact with the key', () => {
  const before = bundled({ domains: [domain('example.com', 'local', ['ann', 'bob'])] })
  const after = bundled({ domains: [domain('example.com', 'local', ['ann'])] })
  const to = (localPart: string) =>
    record({ to: `${hash(localPart, 'example.com')}@example.com`, from: '<>', hashed: true })
  const records = [to('ann'), to('bob'), to('carl')]
  const blind = replay(records, before, after, changeSet({}))
  expect(blind.unknown.hashed).toBe(3)
  expect(blind.changes[0]!.records).toBe(0)
  const seeing = replay(records, before, after, changeSet({}), { hash })
  expect(seeing.unknown.hashed).toBe(0)
  expect(seeing.changes[0]!.records).toBe(1)
  // Where no graph has names, a hash is as good as any.
  const [routed, rerouted] = [bundled({ localMx: [relayed] }), bundled({ localMx: [toHost('*')] })]
  const anybody = record({
    from: `${hash('x', 'a.example')}@a.example`,
    to: `${hash('y', 'b.example')}@b.example`,
    hashed: true,
  })
  expect(replay([anybody], routed, rerouted, changeSet({})).changes[0]!.records).toBe(1)
})

/** Anybody may log in, over any line. */
const login = { required: false, mechanisms: ['PLAIN'], clearTextFrom: ['0.0.0.0/0', '::/0'] } as const
const withLogin = {
  localMx: [relayed],
  listeners: aDocument().listeners.map((listener) => ({ ...listener, login })),
}

/** The same document, but mail from whoever logged in as `login` is refused, and mail of a HELO `bad.test` at HELO. */
function closedTo(login: string): Bundle {
  const { graph } = bundled(withLogin)
  const nodes = [
    { kind: 'table', on: 'login', rows: [[login, 2, 'deny[0]']], otherwise: graph.entry.mail + 3 },
    { kind: 'table', on: 'helo', rows: [['bad.test', 2, 'deny[1]']], otherwise: graph.entry.helo + 3 },
    { kind: 'refuse', code: 550, status: '5.7.1', text: 'no', at: null },
  ] as const
  return makeBundle(
    prefixed(graph, nodes, (own) => ({ ...own, mail: 0, helo: 1 })),
    noSources,
  )
}

test('records are weighed with their login and HELO name, and those of before as said by nobody', () => {
  const before = bundled(withLogin)
  const closed = (login: string, part: Partial<EnvelopeRecord>) =>
    replay([record(part)], before, closedTo(login), changeSet({}), { hash }).changes[0]!.records
  expect(closed('joe', {})).toBe(0)
  expect(closed('joe', { login: 'joe' })).toBe(1)
  expect(closed('*@a.test', { login: 'joe@a.test' })).toBe(1)
  expect(closed('joe', { helo: 'BAD.test' })).toBe(1)
  expect(closed('joe', { helo: 'good.test' })).toBe(0)
})

test('hashed logins are unknown where a graph tells logins apart, and exact with the key', () => {
  const before = bundled(withLogin)
  const of = (login: string) => record({ from: '<>', to: 'postmaster@far.example', login, hashed: true })
  const records = [of(hash('joe', '')), of(hash('ann', '')), of(`${hash('joe', 'a.test')}@a.test`)]
  expect(replay(records, before, closedTo('joe'), changeSet({})).unknown.hashed).toBe(2)
  const plain = replay(records, before, closedTo('joe'), changeSet({}), { hash })
  expect([plain.unknown.hashed, plain.changes[0]!.records]).toEqual([0, 1])
  const mailbox = replay(records, before, closedTo('joe@a.test'), changeSet({}), { hash })
  expect([mailbox.unknown.hashed, mailbox.changes[0]!.records]).toEqual([0, 1])
})
