import { describe, expect, test } from 'vitest'
import type { ChangeSet } from '../../src/analysis/change-set.ts'
import { compareGraphs } from '../../src/analysis/compare.ts'
import type { Proof } from '../../src/analysis/proof.ts'
import { proofOf } from '../../src/analysis/prove.ts'
import { subjectOf } from '../../src/analysis/prove-witness.ts'
import { compile } from '../../src/compile/compile.ts'
import type { WholeClaim } from '../../src/config/define-claims.ts'
import type { ClientEntry, Document } from '../../src/config/document.ts'
import type { ClaimEntry } from '../../src/config/document-claims.ts'
import { type Bundle, makeBundle } from '../../src/graph/bundle.ts'
import { noSources } from '../../src/graph/sources.ts'
import { aDocument, client, deny, listener } from '../compile/a-document.ts'

const bundleOf = (part: Partial<Document>): Bundle => makeBundle(compile(aDocument(part)).graph, noSources)
const whole = (kind: WholeClaim, part: Partial<Document>): Proof =>
  proofOf(subjectOf(bundleOf(part)), { kind, at: '' }, null, 'error')
const plan = (before: Partial<Document>, after: Partial<Document>): ChangeSet =>
  compareGraphs(bundleOf(before), bundleOf(after))
const kinds = (set: ChangeSet) => set.changes.map(({ kind }) => kind)

const tls = {
  mode: 'offered',
  certificates: ['main'],
  minVersion: 'TLSv1.2',
  ciphers: null,
  clientCa: null,
} as const
const submission = (clearTextFrom: readonly string[] = []): Document['listeners'][number] => ({
  ...listener('submission', 'submission'),
  tls,
  login: { required: true, mechanisms: ['PLAIN'], clearTextFrom },
})
const staff = (part: Partial<ClientEntry> = {}): ClientEntry =>
  client('staff', [], { logins: [{ login: '*@example.com', at: 'clients.staff.logins["*@example.com"]' }], ...part })
const site = (clearTextFrom: readonly string[] = []): Partial<Document> => ({
  listeners: [listener('mx', 'mx'), submission(clearTextFrom)],
  clients: [client('office', ['10.0.0.0/8']), staff()],
})

describe('proofs about logins', () => {
  test('nobody may log in over a line in the clear where TLS is offered and no network is named', () =>
    expect(whole('authOnlyOverTls', site())).toMatchObject({
      verdict: 'PROVED',
      reason: 'nobody may log in over a line in the clear',
    }))

  test('a private network that is named for passwords in the clear is what the proof rests on', () => {
    const proof = whole('authOnlyOverTls', site(['10.20.0.0/24']))
    expect(proof.verdict).toBe('PROVED-IF')
    expect(proof.assumes).toEqual([
      'nobody listens to what is said in 10.20.0.0/24: passwords from there go in clear text',
    ])
  })

  test('a public network that is named for them is a violation, with a message from there', () => {
    const { verdict, witness } = whole('authOnlyOverTls', site(['198.51.100.0/24']))
    expect(verdict).toBe('VIOLATED')
    expect(witness!.message).toMatchObject({ listener: 'submission', client: '198.51.100.9', login: 'someone' })
    expect(witness!.explain).toMatch(/--login someone/)
  })

  test('logins that may relay are named by what noOpenRelay rests on', () => {
    const { verdict, assumes } = whole('noOpenRelay', site())
    expect(verdict).toBe('PROVED-IF')
    expect(assumes).toContain(
      'whoever logs in as *@example.com (client staff) is who they say: no password is shared, guessed or stolen',
    )
  })

  test('a login that is not internal relays nothing, also from an internal network', () => {
    const clients = [client('office', ['10.0.0.0/8']), staff({ internal: false })]
    const set = plan(site(), { ...site(), clients })
    expect(kinds(set)).toEqual(['refused'])
    expect(set.changes[0]!.box.logins).toEqual([{ pattern: '*@example.com', except: [] }])
  })

  test('internal: false leaves those out whose login makes them internal', () => {
    const claim: ClaimEntry = {
      kind: 'never',
      effect: 'relayed',
      at: 'prove[0]',
      box: {
        listeners: null,
        client: null,
        internal: false,
        sender: null,
        recipient: null,
        overBytes: null,
        upToBytes: null,
        dnsbl: [],
      },
    }
    const { graph, ...bundle } = bundleOf({ ...site(), prove: [claim] })
    const [claimed] = graph.claims.prove
    expect(claimed).toMatchObject({
      box: {
        logins: [
          { pattern: '*', except: ['*@example.com'] },
          { pattern: '<none>', except: [] },
        ],
      },
    })
    const proof = proofOf(subjectOf({ graph, ...bundle }), claimed!, null, 'error')
    expect(proof.verdict).toBe('PROVED')
  })

  test('a rule for lines in the clear never decides where there are no others to be told from, and none are', () => {
    const implicit = { ...submission(), tls: { ...tls, mode: 'implicit' } as const }
    const part = { ...site(), listeners: [implicit], deny: [deny(0, { tls: 'none' })] }
    const { verdict, findings } = whole('noDeadRules', part)
    expect(verdict).toBe('VIOLATED')
    expect(findings.map(({ at }) => at)).toContain('deny[0]')
  })
})

describe('plans about logins', () => {
  test('a login that may relay from now on is told from strangers that may', () => {
    const set = plan({ ...site(), clients: [client('office', ['10.0.0.0/8'])] }, site())
    expect(kinds(set)[0]).toBe('relayed-by-login')
    expect(set.changes[0]!.box).toMatchObject({ logins: [{ pattern: '*@example.com', except: [] }] })
    expect(set.changes[0]!.witness.message).toMatchObject({ login: 'someone@example.com' })
  })

  test('a login in the clear that is allowed from now on heads what it lets in', () => {
    const set = plan(site(), site(['10.20.0.0/24']))
    expect(kinds(set)).toEqual(['login-in-clear'])
    expect(set.changes[0]!.box).toMatchObject({
      listeners: ['submission'],
      tls: false,
      clients: [{ pattern: '10.20.0.0/24', except: [] }],
      logins: [{ pattern: '*', except: [] }],
    })
  })

  test('where neither document takes logins, what clients by login may is no change', () =>
    expect(plan({ clients: [] }, { clients: [staff()] }).changes).toEqual([]))

  test('a certificate is only ever one of an encrypted line', () => {
    const digest = `sha256:${'a'.repeat(64)}`
    const certified = client('hub', [], {
      certificates: [{ certificate: digest, at: `clients.hub.certificates["${digest}"]` }],
    })
    const listeners = [{ ...listener('mx', 'mx'), tls }]
    const set = plan({ listeners, clients: [] }, { listeners, clients: [certified] })
    expect(kinds(set)).toEqual(['relayed-from-outside'])
    expect(set.changes[0]!.box).toMatchObject({ tls: true, certificates: [{ pattern: digest, except: [] }] })
    expect(set.changes[0]!.witness.message).toMatchObject({ tls: true, certificate: digest })
  })

  test('a rule on trial changes nothing, a mark does', () => {
    const check = { at: 'checks.helo', id: 'helo', listeners: null, onError: 'ignore' } as const
    const observed = { ...check, then: { code: 550, text: 'no' }, mode: 'observe' } as const
    expect(plan({}, { checks: [observed] }).changes).toEqual([])
    const set = plan({}, { checks: [{ ...check, then: { tag: 'odd' } }] })
    expect(kinds(set)).toEqual(['rerouted'])
    expect(set.changes[0]!.box.oracles).toEqual({ 'check.helo': ['listed'] })
    expect(set.changes[0]!.moves[0]!.to).toMatch(/, marked odd$/)
  })
})
