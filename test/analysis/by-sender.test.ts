import { describe, expect, test } from 'vitest'
import { compareGraphs } from '../../src/analysis/compare.ts'
import { proofOf } from '../../src/analysis/prove.ts'
import { subjectOf } from '../../src/analysis/prove-witness.ts'
import { queueWeigher } from '../../src/cli/plan/queue-impact.ts'
import { compile } from '../../src/compile/compile.ts'
import type { PlainTarget, Target } from '../../src/config/document.ts'
import type { ClaimEntry } from '../../src/config/document-claims.ts'
import { type Bundle, makeBundle } from '../../src/graph/bundle.ts'
import { flatOf } from '../../src/graph/flat.ts'
import { flatten } from '../../src/graph/flat-build.ts'
import { interpreter } from '../../src/graph/interpret.ts'
import { noFacts, queuedFacts, routeOf } from '../../src/graph/route-of.ts'
import { flatEvaluator } from '../../src/graph/runtime.ts'
import { noSources } from '../../src/graph/sources.ts'
import { aDocument, alias, mailbox, route } from '../compile/a-document.ts'

/** Routes of `*` by sender, and what must hold. */
const bundle = (senders: Readonly<Record<string, PlainTarget>>, prove: readonly ClaimEntry[] = []): Bundle =>
  makeBundle(compile(aDocument({ localMx: [route('*', bySender(senders))], prove })).graph, noSources)

const bySender = (senders: Readonly<Record<string, PlainTarget>>): Target => ({
  kind: 'by-sender',
  rows: Object.entries(senders).map(([pattern, target]) => ({ at: `by ${pattern}`, pattern, target })),
})
const host = (name: string): PlainTarget => ({ kind: 'hosts', hosts: [{ host: name, port: 25 }] })
const isp: PlainTarget = { kind: 'relay', relay: 'isp' }
const brand = { 'brand.example': host('bart'), '*': isp }
const to = mailbox('x@far.example')

describe('routes by sender (MR-40)', () => {
  test('the most specific row decides; the null sender and one that is not known go the way of others', () => {
    const { graph } = bundle({ 'ann@brand.example': host('lisa'), ...brand, '*.brand.example': host('maggie') })
    const both = [interpreter(graph), flatEvaluator(flatOf(flatten(makeBundle(graph, noSources))))]
    for (const evaluator of both) {
      expect(evaluator.routesBySender).toBe(true)
      const ways = ['ann@brand.example', 'Ann@brand.example', 'bob@brand.example', 'x@a.brand.example', 'x@y.example']
        .map((text) => queuedFacts(evaluator, { envelope: { from: mailbox(text) } }))
        .concat(queuedFacts(evaluator, { envelope: { from: null } }), noFacts())
        .map((facts) => {
          const found = routeOf(evaluator, to, facts)
          return found.kind === 'next-hop' ? `${found.nextHop.key.replace(/#.*/, '')} by ${found.at}` : found.kind
        })
      expect(ways).toEqual([
        'hosts:lisa:25 by by ann@brand.example',
        'hosts:lisa:25 by by ann@brand.example',
        'hosts:bart:25 by by brand.example',
        'hosts:maggie:25 by by *.brand.example',
        'relay:isp by by *',
        'relay:isp by localMx["*"]',
        'relay:isp by localMx["*"]',
      ])
    }
  })

  test('nobody need tell the sender where no route depends on it: the queue does not read envelopes for that', () => {
    const { graph } = makeBundle(compile(aDocument()).graph, noSources)
    const never = {
      get envelope(): never {
        throw new Error('read')
      },
    }
    for (const evaluator of [interpreter(graph), flatEvaluator(flatOf(flatten(makeBundle(graph, noSources))))]) {
      expect(queuedFacts(evaluator, never).sender).toBeUndefined()
    }
  })

  test('a plan names the senders whose mail moves, and nobody else', () => {
    const { changes, unknown } = compareGraphs(bundle(brand), bundle({ ...brand, 'brand.example': host('lisa') }))
    expect(unknown).toEqual([])
    expect(changes).toHaveLength(1)
    expect(changes[0]!.box.senders).toEqual([{ pattern: 'brand.example', except: [] }])
    expect(changes[0]!.witness.message.sender).toMatch(/@brand\.example$/)
    expect(compareGraphs(bundle(brand), bundle({ ...brand, 'other.example': isp })).changes).toEqual([])
  })

  test('of the queue only the messages of these senders are counted', () => {
    const row = (id: string, sender: string) => ({ id, sender, recipient: 'x@far.example' })
    const rows = [row('1', 'a@brand.example'), row('2', 'a@other.example'), row('3', ''), row('4', 'b@brand.example')]
    const after = bundle({ ...brand, 'brand.example': host('lisa') })
    const weigher = queueWeigher(bundle(brand), after)
    for (const one of rows) weigher.add(one)
    expect(weigher.moves()).toEqual([
      { from: 'bart:25', to: 'lisa:25', recipients: 2, example: { id: '1', recipient: 'x@far.example' } },
    ])
  })

  test('an alias for two mailboxes, of which one is refused for some senders and one never', () => {
    const reject: PlainTarget = { kind: 'reject', code: 550, status: '5.7.1', text: 'no' }
    const aliases = [alias('all@example.com', 'x@one.example', 'y@two.example')]
    const localMx = [
      route('one.example', bySender({ 'brand.example': host('bart'), '*': isp })),
      route('two.example', bySender({ 'brand.example': isp, '*': reject })),
    ]
    const subject = subjectOf(makeBundle(compile(aDocument({ aliases, localMx })).graph, noSources))
    const proof = proofOf(subject, { kind: 'nullSenderAcceptedForLocal', at: '' }, null, 'error')
    expect(proof.reason).toBe('notifications for all@example.com are refused, though mail of others for it is accepted')
  })

  test('a floor of TLS that one sender falls below is violated, with a message of that sender', () => {
    const claim: ClaimEntry = { at: 'prove[0]', kind: 'tlsFloor', pattern: '*', level: 'verify' }
    const mx = (tls: 'may' | 'verify'): PlainTarget => ({ kind: 'mx', tls })
    const proof = (senders: Readonly<Record<string, PlainTarget>>) => {
      const subject = subjectOf(bundle(senders, [claim]))
      return proofOf(subject, subject.bundle.graph.claims.prove[0]!, claim.at, 'error')
    }
    expect(proof({ 'brand.example': mx('verify'), '*': mx('verify') }).reason).toContain('every route for *')
    const weak = proof({ 'brand.example': mx('may'), '*': mx('verify') })
    expect(weak.verdict).toBe('VIOLATED')
    expect(weak.witness?.message.sender).toMatch(/@brand\.example$/)
  })
})
