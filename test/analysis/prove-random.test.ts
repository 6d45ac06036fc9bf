import fc from 'fast-check'
import { expect, test } from 'vitest'
import { proofOf } from '../../src/analysis/prove.ts'
import { deadRules } from '../../src/analysis/prove-dead.ts'
import { oraclesOf } from '../../src/analysis/prove-question.ts'
import { subjectOf } from '../../src/analysis/prove-witness.ts'
import { compile } from '../../src/compile/compile.ts'
import type { ClientEntry, Document } from '../../src/config/document.ts'
import { type Behaviour, behaviourOf } from '../../src/graph/behaviour.ts'
import { type Box, boxHolds, unsaid } from '../../src/graph/box.ts'
import { makeBundle } from '../../src/graph/bundle.ts'
import type { Claim, Effect } from '../../src/graph/claims.ts'
import type { Line } from '../../src/graph/evaluator.ts'
import type { Described } from '../../src/graph/explanation.ts'
import type { Graph, Outcome } from '../../src/graph/graph.ts'
import { type Interpreter, interpreter } from '../../src/graph/interpret.ts'
import { certificateRank, loginRank } from '../../src/graph/name-rank.ts'
import { contains, parseBlock } from '../../src/graph/network.ts'
import { coveringPatterns } from '../../src/graph/pattern.ts'
import { noSources } from '../../src/graph/sources.ts'
import { type IpAddress, ipBytes } from '../../src/mail/ip.ts'
import { facts, type Said } from '../compile/a-document.ts'
import { randomDocument, randomQuestion } from '../graph/random-document.ts'
import { apart, randomLine, randomOf, withLine } from './random-line.ts'

/**
 * Proofs against brute force: a claim that is proved holds for every message that is tried, and one that is violated for
 * a message is never called proved. The readings here are straight from the document, slow and obvious.
 */
const numRuns = Number(process.env['MAILGW_RUNS'] ?? 60)
const options = { numRuns }

const outcome = fc.constantFrom<Outcome>('listed', 'clear', 'error')
const asked = fc.record({
  said: randomQuestion.filter(({ sender, recipient, listener }) => {
    return sender !== undefined && recipient !== undefined && listener !== 'elsewhere'
  }),
  answers: fc.tuple(outcome, outcome, outcome),
  line: fc.nat(),
})
type Asked = {
  readonly message: Described
  readonly answers: ReadonlyMap<string, Outcome>
  readonly behaviour: Behaviour
}

/** Every other one with TLS, logins, certificates, HELO names, checks, rates and marks. */
const documents = fc
  .tuple(randomDocument, fc.nat())
  .map(([document, line]) => (line % 2 === 0 ? document : apart(withLine(document, randomOf(line)))))

const tried = fc.tuple(
  documents.filter((document) => {
    const { diagnostics } = compile(document)
    return !diagnostics.some(({ severity }) => severity === 'error')
  }),
  fc.array(asked, { minLength: 80, maxLength: 80 }),
)

type Question = { readonly said: Said; readonly answers: readonly Outcome[]; readonly line: number }

function answered(asker: Interpreter, { graph }: { graph: Graph }, { said, answers, line }: Question): Asked {
  const told = facts(said)
  const message: Described = { ...told, ...lineAt(graph, told.listener, randomLine(randomOf(line))) }
  const all = new Map(oraclesOf(graph).map((oracle, i) => [oracle, answers[i % answers.length]!]))
  const decided = behaviourOf(asker, message, all)
  if (decided.kind !== 'decided') throw new Error('an oracle that the test does not know')
  return { message, answers: all, behaviour: decided.behaviour }
}

/** What a line of this listener can carry. */
function lineAt({ control }: Graph, listener: string, line: Line): Line {
  const { tls, login } = control.listeners.find(({ name }) => name === listener)!
  const isEncrypted = tls !== undefined && (tls.mode === 'implicit' || line.tls)
  return {
    ...line,
    tls: isEncrypted,
    certificate: isEncrypted ? line.certificate : null,
    login: login === undefined ? null : line.login,
  }
}

type Who = Pick<Described, 'login' | 'certificate' | 'client'>
const isInternal = ({ clients }: Document, { login, certificate, client: address }: Who): boolean => {
  for (const [name, rankOf, patternsOf] of [
    [login, loginRank, (one: ClientEntry) => one.logins?.map(({ login }) => login)],
    [certificate, certificateRank, (one: ClientEntry) => one.certificates?.map(({ certificate }) => certificate)],
  ] as const) {
    if (name === null) continue
    const [best] = clients
      .flatMap((one) => (patternsOf(one) ?? []).map((pattern) => ({ rank: rankOf(pattern, name), one })))
      .filter(({ rank }) => rank >= 0)
      .sort((a, b) => b.rank - a.rank)
    if (best !== undefined) return best.one.internal
  }
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
  const subject = subjectOf(makeBundle(graph, noSources))
  const ask = (question: Question) => answered(subject.interpreter, { graph }, question)
  return { graph, subject, ask }
}

test('noOpenRelay is violated exactly when a stranger reaches a stranger', () => {
  let [proved, violated] = [0, 0]
  fc.assert(
    fc.property(tried, ([document, questions]) => {
      const { subject, ask } = setup(document)
      const proof = proofOf(subject, { kind: 'noOpenRelay', at: '' }, null, 'error')
      const open = questions
        .map(ask)
        .find(
          ({ message, behaviour }) =>
            !isInternal(document, message) &&
            !isOurs(document, message.recipient!) &&
            routesOf(behaviour).some(({ kind }) => kind !== 'maildir' && kind !== 'discard'),
        )
      if (open !== undefined) expect(proof.verdict).toBe('VIOLATED')
      if (proof.verdict !== 'VIOLATED') proved++
      else if (proof.witness !== null) {
        violated++
        const { client, recipient, login = null, certificate = null } = proof.witness.message
        expect(isInternal(document, { client: client as IpAddress, login, certificate })).toBe(false)
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
const plainBox: fc.Arbitrary<Box> = fc.record({
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
const names = (all: readonly string[]) =>
  fc.array(
    fc.record({
      pattern: fc.constantFrom(...all, unsaid),
      except: fc.uniqueArray(fc.constantFrom(...all), { maxLength: 1 }),
    }),
    { minLength: 1, maxLength: 2 },
  )
/** With what the line is asked about, now and then. */
const box: fc.Arbitrary<Box> = fc
  .tuple(
    plainBox,
    fc.record(
      {
        tls: fc.boolean(),
        logins: names(['*', '*@a.test', 'joe@a.test', 'joe']),
        certificates: names(['*', `sha256:${'a'.repeat(64)}`]),
        helos: names(['*', 'a.test', '*.test']),
      },
      { requiredKeys: [] },
    ),
    fc.boolean(),
  )
  .map(([plain, line, isPlain]) => (isPlain ? plain : { ...plain, ...line }))
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
      const { graph, subject, ask } = setup(document)
      const messages = questions.map(ask)
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
      const { graph, subject, ask } = setup(document)
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
          ...(client.logins === undefined ? {} : { logins: client.logins.filter(({ at }) => !found.has(at)) }),
          ...(client.certificates === undefined
            ? {}
            : { certificates: client.certificates.filter(({ at }) => !found.has(at)) }),
        })),
        checks: (document.checks ?? []).filter(({ at }) => !found.has(at)),
      }
      const without = interpreter(compile(rest).graph)
      for (const question of questions) {
        const { message, answers, behaviour } = ask(question)
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
      const { subject, ask } = setup(document)
      const proof = proofOf(subject, { kind: 'nullSenderAcceptedForLocal', at: '' }, null, 'error')
      for (const { said, answers, line } of questions) {
        const small = { ...said, sizeBytes: 0, hops: 0 }
        const { message, behaviour } = ask({ said: small, answers, line })
        if (behaviour.kind === 'refused' || !isOurs(document, message.recipient!)) continue
        const bounce = ask({ said: { ...small, sender: '<>' }, answers, line })
        if (bounce.behaviour.kind === 'refused') expect(proof.verdict).toBe('VIOLATED')
      }
      if (proof.verdict === 'PROVED') proved++
    }),
    options,
  )
  expect(proved).toBeGreaterThan(5)
})
