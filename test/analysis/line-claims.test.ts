import { describe, expect, test } from 'vitest'
import type { Proof } from '../../src/analysis/proof.ts'
import { proofOf } from '../../src/analysis/prove.ts'
import { subjectOf } from '../../src/analysis/prove-witness.ts'
import { compile } from '../../src/compile/compile.ts'
import type { Document } from '../../src/config/document.ts'
import type { BoxEntry, ClaimEntry } from '../../src/config/document-claims.ts'
import { makeBundle } from '../../src/graph/bundle.ts'
import { claimText } from '../../src/graph/claim-text.ts'
import { noSources } from '../../src/graph/sources.ts'
import { aDocument, client, deny, listener } from '../compile/a-document.ts'

const box: BoxEntry = {
  listeners: null,
  client: null,
  internal: null,
  sender: null,
  recipient: null,
  overBytes: null,
  upToBytes: null,
  dnsbl: [],
}
const tls = {
  mode: 'offered',
  certificates: ['main'],
  minVersion: 'TLSv1.2',
  ciphers: null,
  clientCa: '/etc/ca.pem',
} as const
const digest = `sha256:${'ab'.repeat(32)}`
const site: Partial<Document> = {
  listeners: [
    { ...listener('internet', 'mx'), tls },
    { ...listener('users', 'submission'), tls, login: { required: true, mechanisms: ['PLAIN'], clearTextFrom: [] } },
  ],
  clients: [
    client('office', ['10.0.0.0/8']),
    client('staff', [], { logins: [{ login: '*@example.com', at: 'clients.staff.logins["*@example.com"]' }] }),
  ],
}
/** What a partner sends in the clear is refused. */
const floor = deny(0, { sender: ['partner.example'], tls: 'none' })

/** `forAll(box).never('accepted')` of the site. */
function proved(part: Partial<BoxEntry>, document: Partial<Document>): Proof {
  const entry: ClaimEntry = { at: 'prove[0]', kind: 'never', effect: 'accepted', box: { ...box, ...part } }
  const bundle = makeBundle(compile(aDocument({ ...site, ...document, prove: [entry] })).graph, noSources)
  return proofOf(subjectOf(bundle), bundle.graph.claims.prove[0]!, null, 'error')
}
const partner = { in: ['partner.example'], except: [] }
const nobody = { in: null, except: ['*'] }

describe('an inbound TLS floor', () => {
  const inTheClear = { listeners: ['internet'], tls: false, sender: partner }

  test('is proved where a rule refuses what a partner sends in the clear', () =>
    expect(proved(inTheClear, { deny: [floor] })).toMatchObject({
      verdict: 'PROVED',
      claim: "forAll({ listener: 'internet', tls: false, sender: 'partner.example' }).never('accepted')",
    }))

  test('is violated without the rule, by a message in the clear', () => {
    const { verdict, witness } = proved(inTheClear, {})
    expect(verdict).toBe('VIOLATED')
    expect(witness!.message).toMatchObject({ listener: 'internet', sender: 'someone@partner.example' })
    expect(witness!.message.tls ?? false).toBe(false)
    expect(witness!.explain).not.toMatch(/--tls/)
  })

  test('says nothing of encrypted lines', () => {
    const { verdict, witness } = proved({ ...inTheClear, tls: true }, { deny: [floor] })
    expect(verdict).toBe('VIOLATED')
    expect(witness!.message).toMatchObject({ tls: true })
    expect(witness!.explain).toMatch(/--tls/)
  })
})

describe('claims about who sends', () => {
  const users = { listeners: ['users'] }

  test('nobody but those who logged in is accepted where login is required', () => {
    expect(proved({ ...users, login: nobody }, {}).verdict).toBe('PROVED')
    const { verdict, witness } = proved({ ...users, login: { in: ['*'], except: [] } }, {})
    expect(verdict).toBe('VIOLATED')
    expect(witness!.message.login).toEqual(expect.stringMatching(/./))
  })

  test('of a login that is meant only what is inside of the others that internal leaves', () => {
    const { claim } = proved({ internal: false, login: { in: ['*@example.com', '*@guests.example'], except: [] } }, {})
    expect(claim).toContain("login: '*@guests.example' ")
    const staff = proved({ internal: false, login: { in: ['ann@example.com'], except: [] } }, {})
    expect(staff).toMatchObject({ verdict: 'PROVED', reason: 'no message is in the box' })
  })

  test('nobody who logged in is left where internal: false meets nobody', () =>
    expect(proved({ ...users, internal: false, login: nobody }, {}).verdict).toBe('PROVED'))

  test('a HELO name that a rule refuses, and those that it does not', () => {
    const liar = deny(0, { helo: ['example.com'] })
    expect(proved({ helo: { in: ['example.com'], except: [] } }, { deny: [liar] }).verdict).toBe('PROVED')
    const others = proved({ helo: { in: ['*'], except: ['example.com'] } }, { deny: [liar] })
    expect(others).toMatchObject({ verdict: 'VIOLATED' })
    expect(others.witness!.message.helo).not.toBe('example.com')
  })

  test('a certificate is a way in, and none is none', () => {
    const hub = client('hub', [], {
      certificates: [{ certificate: digest, at: `clients.hub.certificates["${digest}"]` }],
      recipients: ['example.com'],
    })
    const part = { clients: [hub] }
    const elsewhere = { ...box, listeners: ['internet'], recipient: { in: ['far.example'], except: [] } }
    expect(proved({ ...elsewhere, certificate: { in: [digest], except: [] } }, part).verdict).toBe('PROVED')
    const open = client('hub', [], { certificates: hub.certificates! })
    const { verdict, witness } = proved({ ...elsewhere, certificate: { in: ['*'], except: [] } }, { clients: [open] })
    expect(verdict).toBe('VIOLATED')
    expect(witness!.message).toMatchObject({ tls: true, certificate: digest })
    expect(proved({ ...elsewhere, certificate: nobody }, { clients: [open] }).verdict).toBe('PROVED')
  })
})

test('what a claim does not say of the line is not in its box', () => {
  const { graph } = compile(aDocument({ ...site, prove: [{ at: 'prove[0]', kind: 'unchanged', box }] }))
  const [claim] = graph.claims.prove
  expect(claimText(claim!)).toBe('unchanged({})')
  expect(Object.keys((claim as { box: object }).box)).not.toEqual(expect.arrayContaining(['tls']))
})
