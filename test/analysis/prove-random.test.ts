import fc from 'fast-check'
import { expect, test } from 'vitest'
import { proofOf } from '../../src/analysis/prove.ts'
import { deadRules } from '../../src/analysis/prove-dead.ts'
import { subjectOf } from '../../src/analysis/prove-witness.ts'
import { compile } from '../../src/compile/compile.ts'
import type { Document } from '../../src/config/document.ts'
import { type Behaviour, behaviourOf } from '../../src/graph/behaviour.ts'
import { type Box, boxHolds } from '../../src/graph/box.ts'
import { makeBundle } from '../../src/graph/bundle.ts'
import type { Claim, Effect } from '../../src/graph/claims.ts'
import type { Described } from '../../src/graph/explanation.ts'
import type { Outcome } from '../../src/graph/graph.ts'
import { type Interpreter, interpreter } from '../../src/graph/interpret.ts'
import { contains, parseBlock } from '../../src/graph/network.ts'
import { coveringPatterns } from '../../src/graph/pattern.ts'
import { noSources } from '../../src/graph/sources.ts'
import { type IpAddress, ipBytes } from '../../src/mail/ip.ts'
import { facts, type Said } from '../compile/a-document.ts'
import { randomDocument, randomQuestion } from '../graph/random-document.ts'

/**
 * Proofs against brute force: a claim that is proved holds for every message that is tried, and one that is violated for
 * a message is never called proved. The readings here are straight from the document, slow and obvious.
 */
const seed = process.env['MAILGW_SEED'] === undefined ? undefined : Number(process.env['MAILGW_SEED'])
const numRuns = Number(process.env['MAILGW_RUNS'] ?? 60)
const options = { numRuns, ...(seed === undefined ? {} : { seed }) }

const outcome = fc.constantFrom<Outcome>('listed', 'clear', 'error')
const asked = fc.record({
  said: randomQuestion.filter(({ sender, recipient, listener }) => {
    return sender !== undefined && recipient !== undefined && listener !== 'elsewhere'
  }),
  answers: fc.tuple(outcome, outcome, outcome),
})
type Asked = {
  readonly message: Described
  readonly answers: ReadonlyMap<string, Outcome>
  readonly behaviour: Behaviour
}

const tried = fc.tuple(
  randomDocument.filter((document) => {
    const { diagnostics } = compile(document)
    return !diagnostics.some(({ severity }) => severity === 'error')
  }),
  fc.array(asked, { minLength: 80, maxLength: 80 }),
)

function answered(asker: Interpreter, { said, answers }: { said: Said; answers: readonly Outcome[] }): Asked {
  const told = facts(said)
  const message: Described = { ...told, sender: told.sender, recipient: told.recipient }
  const all = new Map(answers.map((one, i) => [`dnsbl.list${i}`, one]))
  const decided = behaviourOf(asker, message, all)
  if (decided.kind !== 'decided') throw new Error('an oracle that the test does not know')
  return { message, answers: all, behaviour: decided.behaviour }
}

const isInternal = ({ clients }: Document, address: IpAddress): boolean => {
  const bytes = ipBytes(address)
  const around = clients.flatMap(({ networks, internal }) =>
    networks.map(({ network }) => ({ block: parseBlock(network)!, internal })),
  )
  const [best] = around.filter(({ block }) => contains(block, bytes)).sort((a, b) => b.block.bits - a.block.bits)
  return best?.internal ?? false
}
const isOurs = (
  { domains, hostname }: Document,
  { localPart, domain }: { localPart: string; domain: string },
): boolean =>
  coveringPatterns(domain).some((pattern) => domains.some((entry) => entry.pattern === pattern)) ||
  (domain === hostname && /^(?:postmaster|abuse)$/i.test(localPart))
const routesOf = (behaviour: Behaviour) =>
  behaviour.kind === 'accepted' ? behaviour.finals.map(({ route }) => route) : []

const setup = (document: Document) => {
  const { graph } = compile(document)
  return { graph, subject: subjectOf(makeBundle(graph, noSources)) }
}

test('noOpenRelay is violated exactly when a stranger reaches a stranger', () => {
  let [proved, violated] = [0, 0]
  fc.assert(
    fc.property(tried, ([document, questions]) => {
      const { subject } = setup(document)
      const proof = proofOf(subject, { kind: 'noOpenRelay', at: '' }, null, 'error')
      const open = questions
        .map((question) => answered(subject.interpreter, question))
        .find(
          ({ message, behaviour }) =>
            !isInternal(document, message.client) &&
            !isOurs(document, message.recipient!) &&
            routesOf(behaviour).some(({ kind }) => kind !== 'maildir' && kind !== 'discard'),
        )
      if (open !== undefined) expect(proof.verdict).toBe('VIOLATED')
      if (proof.verdict !== 'VIOLATED') proved++
      else if (proof.witness !== null) {
        violated++
        const { client, recipient } = proof.witness.message
        expect(isInternal(document, client as IpAddress)).toBe(false)
        const sign = recipient!.lastIndexOf('@')
        expect(isOurs(document, { localPart: recipient!.slice(0, sign), domain: recipient!.slice(sign + 1) })).toBe(
          false,
        )
      }
    }),
    options,
  )
  expect(proved).toBeGreaterThan(5)
  expect(violated).toBeGreaterThan(2)
})

const patterns = ['a.test', '*.a.test', 'c.test', '*', 'joe@a.test', '*.test']
const networks = ['10.0.0.0/8', '10.1.2.0/24', '0.0.0.0/0', '2001:db8::/32', '128.0.0.0/1']
const set = (all: readonly string[]) =>
  fc.option(
    fc.array(
      fc.record({
        pattern: fc.constantFrom(...all),
        except: fc.uniqueArray(fc.constantFrom(...all), { maxLength: 2 }),
      }),
      { minLength: 1, maxLength: 2 },
    ),
    { nil: null },
  )
const box: fc.Arbitrary<Box> = fc.record({
  listeners: fc.option(fc.uniqueArray(fc.constantFrom('mx', 'lan', 'sub'), { minLength: 1 }), { nil: null }),
  clients: set(networks),
  senders: set([...patterns, '<>']),
  recipients: set(patterns),
  sizes: fc.option(fc.constantFrom([{ overBytes: 100, upToBytes: null }], [{ overBytes: null, upToBytes: 99 }]), {
    nil: null,
  }),
  hops: fc.constant(null),
  oracles: fc.constantFrom<Box['oracles']>({}, {}, { 'dnsbl.list0': ['error'] }),
})
const effect: fc.Arbitrary<Effect> = fc.constantFrom<Effect[]>(
  'accepted',
  'refused',
  'relayed',
  'delivered',
  'held',
  'discarded',
  { relay: 'isp' },
)

const isIt = (route: ReturnType<typeof routesOf>[number], effect: Effect): boolean => {
  if (typeof effect !== 'string') return route.text === `relay ${effect.relay}`
  const kinds: Record<string, readonly string[]> = {
    relayed: ['relay', 'hosts', 'mx'],
    delivered: ['maildir'],
    held: ['hold'],
    discarded: ['discard'],
  }
  return kinds[effect]?.includes(route.kind) ?? false
}
function holdsFor(claim: Extract<Claim, { kind: 'never' | 'always' }>, behaviour: Behaviour): boolean {
  const routes = routesOf(behaviour)
  const accepted = behaviour.kind === 'accepted'
  const { effect } = claim
  const is = effect === 'accepted' ? accepted : effect === 'refused' ? !accepted : null
  if (claim.kind === 'never') return is === null ? !routes.some((route) => isIt(route, effect)) : !is
  return is ?? (accepted && routes.every((route) => isIt(route, effect)))
}

test('never and always hold for every message of the box that is tried, or have a witness in the box', () => {
  let [proved, violated] = [0, 0]
  const claims = fc.tuple(fc.constantFrom('never' as const, 'always' as const), box, effect)
  fc.assert(
    fc.property(tried, fc.array(claims, { minLength: 4, maxLength: 4 }), ([document, questions], list) => {
      const { graph, subject } = setup(document)
      const messages = questions.map((question) => answered(subject.interpreter, question))
      for (const [kind, inside, effect] of list) {
        const claim = { kind, box: inside, effect, at: '' } as const
        const proof = proofOf(subject, claim, null, 'error')
        const broken = messages.some(
          ({ message, answers, behaviour }) => boxHolds(inside, message, answers) && !holdsFor(claim, behaviour),
        )
        if (broken) expect(proof.verdict).toBe('VIOLATED')
        if (proof.verdict === 'VIOLATED') {
          violated++
          expect(holdsFor(claim, proof.witness!.behaviour)).toBe(false)
        } else proved++
      }
      expect(graph.nodes.length).toBeGreaterThan(0)
    }),
    options,
  )
  expect(proved).toBeGreaterThan(20)
  expect(violated).toBeGreaterThan(20)
})

test('what decides for some message is not dead, and without the dead rules every message is decided as before', () => {
  let dead = 0
  fc.assert(
    fc.property(tried, ([document, questions]) => {
      const { graph, subject } = setup(document)
      const found = new Set(deadRules(graph))
      dead += found.size
      const rest: Document = {
        ...document,
        deny: document.deny.filter(({ at }) => !found.has(at)),
        dnsbl: document.dnsbl.filter(({ at }) => !found.has(at)),
        localMx: document.localMx.filter(({ at }) => !found.has(at)),
        clients: document.clients.map((client) => ({
          ...client,
          networks: client.networks.filter(({ at }) => !found.has(at)),
        })),
      }
      const without = interpreter(compile(rest).graph)
      for (const question of questions) {
        const { message, answers, behaviour } = answered(subject.interpreter, question)
        const decided = behaviourOf(subject.interpreter, message, answers)
        if (decided.kind === 'decided') for (const { at } of decided.deciders) expect(found.has(at)).toBe(false)
        const again = behaviourOf(without, message, answers)
        expect(again.kind === 'decided' && again.behaviour).toEqual(behaviour)
      }
    }),
    options,
  )
  expect(dead).toBeGreaterThan(5)
})

test('where nullSenderAcceptedForLocal holds, <> is accepted like every other sender that is tried', () => {
  let proved = 0
  fc.assert(
    fc.property(tried, ([document, questions]) => {
      const { subject } = setup(document)
      const proof = proofOf(subject, { kind: 'nullSenderAcceptedForLocal', at: '' }, null, 'error')
      for (const { said, answers } of questions) {
        const small = { ...said, sizeBytes: 0, hops: 0 }
        const { message, behaviour } = answered(subject.interpreter, { said: small, answers })
        if (behaviour.kind === 'refused' || !isOurs(document, message.recipient!)) continue
        const bounce = answered(subject.interpreter, { said: { ...small, sender: '<>' }, answers })
        if (bounce.behaviour.kind === 'refused') expect(proof.verdict).toBe('VIOLATED')
      }
      if (proof.verdict === 'PROVED') proved++
    }),
    options,
  )
  expect(proved).toBeGreaterThan(5)
})
