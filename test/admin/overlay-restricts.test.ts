import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import { checkGraph } from '../../src/graph/check-graph.ts'
import { bareLine } from '../../src/graph/evaluator.ts'
import { type Branch, type Described, explain } from '../../src/graph/explanation.ts'
import type { Outcome } from '../../src/graph/graph.ts'
import { interpreter } from '../../src/graph/interpret.ts'
import { type Overlay, readRestriction } from '../../src/graph/overlay.ts'
import { overlaidGraph } from '../../src/graph/overlay-graph.ts'
import { pathMatches, restrictions } from '../../src/graph/overlay-match.ts'
import { routeOf } from '../../src/graph/route-of.ts'
import type { Admission } from '../../src/ingress/admission.ts'
import { graphAdmission } from '../../src/ingress/graph-admission.ts'
import { restrictedAdmission } from '../../src/ingress/restricted-admission.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import { aDocument, domain, mailbox } from '../compile/a-document.ts'
import { randomDocument, randomQuestion } from '../graph/random-document.ts'
import { seed } from '../support/seed.ts'

const now = 1_700_000_000_000
const common = { owner: 'ann', reason: 'drill', since: now - 1, until: now + 1000 }
const id = fc.integer({ min: 0, max: 0xffffff }).map((n) => n.toString(16).padStart(6, '0'))

const network = fc.constantFrom('10.0.0.0/8', '10.1.2.3/32', '0.0.0.0/0', '192.0.2.128/25', '2001:db8::/32', '::/0')
const pattern = fc.constantFrom('a.test', '*.a.test', '*.test', '*', 'joe@a.test', 'x.a.test', 'test')
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null, freq: 2 })
const overlay: fc.Arbitrary<Overlay> = fc
  .oneof(
    fc.record({
      kind: fc.constant('deny' as const),
      client: maybe(network),
      sender: maybe(fc.oneof(pattern, fc.constant('<>'))),
      recipient: maybe(pattern),
      listener: maybe(fc.constantFrom('mx', 'lan', 'sub')),
      code: fc.constantFrom(550, 554, 451, 521),
      text: fc.constant('closed for now'),
    }),
    fc.record({
      kind: fc.constant('ban' as const),
      client: fc.constantFrom('10.1.2.3', '192.0.2.128', '2001:db8::', '255.255.255.255') as fc.Arbitrary<IpAddress>,
    }),
    fc.record({
      kind: fc.constant('hold' as const),
      domain: pattern.filter((p) => !p.includes('@')),
      nextHop: fc.constant(null),
    }),
    fc.record({
      kind: fc.constant('hold' as const),
      domain: fc.constant(null),
      nextHop: fc.constantFrom('relay:isp', 'mx:a.test', 'mx:*.a.test', 'mx:*.test', 'mx:*'),
    }),
  )
  .filter((one) => readRestriction(one).ok)
  .chain((one) => id.map((digits) => ({ id: `${one.kind}-${digits}`, ...common, ...one }) as Overlay))

type Ended = { readonly refused: string } | { readonly recipients: readonly string[] }

/** A whole transaction of one recipient, as a session asks. */
async function transaction(admission: Admission, message: Described): Promise<Ended> {
  const caller = { ...bareLine, listener: message.listener, client: message.client }
  const sender = message.sender ?? null
  const asked = [
    () => admission.connect(caller),
    () => admission.mail(caller, sender, message.sizeBytes),
    () => admission.rcpt(caller, sender, message.recipient!, message.sizeBytes),
  ]
  let recipients: readonly string[] = []
  for (const ask of asked) {
    const verdict = await ask()
    if (verdict.kind === 'refuse') return { refused: `${verdict.reply.code} ${verdict.reply.text}` }
    recipients = verdict.recipients.map(({ text }) => text)
  }
  const original = message.recipient!
  const verdict = await admission.data(caller, sender, [{ mailbox: original, original, notify: null, orcpt: null }], {
    sizeBytes: message.sizeBytes ?? 0,
    hops: 0,
  })
  return verdict.kind === 'refuse' ? { refused: `${verdict.reply.code} ${verdict.reply.text}` } : { recipients }
}

function ended({ end }: Branch): Ended {
  if (end.kind === 'refused') return { refused: `${end.reply.code} ${end.reply.text}` }
  if (end.kind === 'accepted') return { recipients: end.finals.map(({ mailbox }) => mailbox) }
  throw new Error('an oracle was not answered')
}

test(`what overlays let by, the graph alone would have accepted in the same way; the engine says so of ${seed}`, async () => {
  let overruled = 0
  await fc.assert(
    fc.asyncProperty(
      randomDocument,
      fc.array(overlay, { minLength: 1, maxLength: 5 }),
      fc.array(randomQuestion, { minLength: 20, maxLength: 20 }),
      fc.constantFrom<Outcome>('listed', 'clear', 'error'),
      async (document, overlays, questions, outcome) => {
        const { graph, diagnostics } = compile(document)
        fc.pre(!diagnostics.some(({ severity }) => severity === 'error'))
        const composed = overlaidGraph(graph, overlays)
        checkGraph(composed)
        const plain = graphAdmission(interpreter(graph), async () => ({ outcome, reason: null }))
        const asked = restrictions(overlays, () => now)
        const restricted = restrictedAdmission(plain, () => asked)
        const assume = new Map(document.dnsbl.map((one) => [`dnsbl.${one.id}`, outcome] as const))
        for (const said of questions) {
          const message: Described = {
            ...bareLine,
            listener: said.listener ?? 'mx',
            client: said.client as IpAddress,
            sender: said.sender === undefined || said.sender === '<>' ? null : mailbox(said.sender),
            recipient: mailbox(said.recipient ?? 'joe@a.test'),
            sizeBytes: said.sizeBytes ?? 0,
            hops: 0,
          }
          const alone = await transaction(plain, message)
          const with_ = await transaction(restricted, message)
          if ('recipients' in with_) expect(with_).toEqual(alone)
          else if ('recipients' in alone) overruled++
          // And the graph with the overlays in it, which explanations walk, is what sessions meet.
          expect(ended(explain(interpreter(composed), message, assume).outcome)).toEqual(with_)
        }
      },
    ),
    { numRuns: 100 },
  )
  expect(overruled).toBeGreaterThan(0)
})

test('a hold of a destination holds what would go there, and leaves every other route as it was', () => {
  fc.assert(
    fc.property(
      randomDocument,
      fc.array(overlay, { maxLength: 4 }),
      fc.array(randomQuestion, { maxLength: 20 }),
      (document, overlays, questions) => {
        const { graph, diagnostics } = compile(document)
        fc.pre(!diagnostics.some(({ severity }) => severity === 'error'))
        const [before, after] = [interpreter(graph), interpreter(overlaidGraph(graph, overlays))]
        const asked = restrictions(overlays, () => now)
        for (const { recipient = 'joe@a.test' } of questions) {
          const to = mailbox(recipient)
          const route = routeOf(before, to)
          const overlaid = routeOf(after, to)
          const hold = route.kind === 'next-hop' ? asked.hold(to, route.nextHop) : null
          if (hold !== null) expect(overlaid).toMatchObject({ kind: 'hold' })
          else if (overlaid.kind !== 'hold') expect(overlaid).toEqual(route)
        }
      },
    ),
    { numRuns: 100 },
  )
})

test('an overlay whose time is over refuses nothing, whether or not it was swept up', () => {
  let time = now
  const ban: Overlay = { id: 'ban-000001', ...common, kind: 'ban', client: '192.0.2.1' as IpAddress }
  const asked = restrictions([ban], () => time)
  const caller = { listener: 'mx', client: '192.0.2.1' as IpAddress, sender: undefined, recipient: undefined }
  expect(asked.refusal(caller)).toBe(ban)
  time = ban.until
  expect(asked.refusal(caller)).toBeNull()
})

test('a deny waits until all of its conditions are known', () => {
  const deny: Overlay = {
    id: 'deny-000001',
    ...common,
    kind: 'deny',
    client: '10.0.0.0/8',
    sender: '*.bad.test',
    recipient: null,
    listener: 'lan',
    code: 451,
    text: 'later',
  }
  const { graph } = compile(aDocument({ domains: [domain('example.com')] }))
  const asked = restrictions([deny], () => now)
  const admission = restrictedAdmission(
    graphAdmission(interpreter(graph), async () => ({ outcome: 'clear', reason: null })),
    () => asked,
  )
  const lan = { ...bareLine, listener: 'lan', client: '10.1.1.1' as IpAddress }
  expect(admission.connect(lan)).toMatchObject({ kind: 'accept' })
  expect(admission.mail(lan, mailbox('a@x.bad.test'), null)).toEqual({
    kind: 'refuse',
    reply: { code: 451, status: '4.7.1', text: 'later (deny-000001)' },
    at: 'overlay deny-000001',
  })
  expect(admission.mail(lan, mailbox('a@bad.test'), null)).toMatchObject({ kind: 'accept' })
  expect(admission.mail({ ...lan, listener: 'mx' }, mailbox('a@x.bad.test'), null)).toMatchObject({ kind: 'accept' })
  expect(admission.mail({ ...lan, client: '11.0.0.1' as IpAddress }, mailbox('a@x.bad.test'), null)).toMatchObject({
    kind: 'accept',
  })
})

const matches: readonly [pattern: string, path: string, is: boolean][] = [
  ['<>', '<>', true],
  ['*', '<>', false],
  ['*', 'a@b.test', true],
  ['b.test', 'a@b.test', true],
  ['b.test', 'a@x.b.test', false],
  ['*.b.test', 'a@x.b.test', true],
  ['*.b.test', 'a@b.test', false],
  ['*.b.test', 'a@xb.test', false],
  ['a@b.test', 'A@b.test', true],
  ['a@b.test', 'b@b.test', false],
  ['<>', 'a@b.test', false],
]
test.each(matches)('the pattern %s matches %s: %s', (pattern, path, is) => {
  expect(pathMatches(pattern, path === '<>' ? null : mailbox(path))).toBe(is)
})

const wrongs: readonly [what: string, value: unknown][] = [
  ['nothing', null],
  ['another kind', { kind: 'allow', client: '10.0.0.0/8' }],
  ['a key that would be something else', { kind: 'ban', client: '10.0.0.1', accept: true }],
  [
    'a deny of everything',
    { kind: 'deny', client: null, sender: null, recipient: null, listener: null, code: 550, text: '' },
  ],
  [
    'a code that accepts',
    { kind: 'deny', client: '10.0.0.0/8', sender: null, recipient: null, listener: null, code: 250, text: '' },
  ],
  ['421', { kind: 'deny', client: '10.0.0.0/8', sender: null, recipient: null, listener: null, code: 421, text: '' }],
  [
    'host bits',
    { kind: 'deny', client: '10.0.0.1/8', sender: null, recipient: null, listener: null, code: 550, text: '' },
  ],
  [
    'a text of two lines',
    { kind: 'deny', client: '10.0.0.0/8', sender: null, recipient: null, listener: null, code: 550, text: 'a\r\nb' },
  ],
  ['a ban of a block', { kind: 'ban', client: '10.0.0.0/8' }],
  ['a ban of an address in another spelling', { kind: 'ban', client: '2001:DB8::1' }],
  ['a hold of nothing', { kind: 'hold', domain: null, nextHop: null }],
  ['a hold of a mailbox', { kind: 'hold', domain: 'a@b.test', nextHop: null }],
]
test.each(wrongs)('a restriction that is %s is refused', (_what, value) => {
  expect(readRestriction(value).ok).toBe(false)
})
