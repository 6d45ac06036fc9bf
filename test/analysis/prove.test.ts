import { describe, expect, test } from 'vitest'
import type { Proof } from '../../src/analysis/proof.ts'
import { proofOf, prove } from '../../src/analysis/prove.ts'
import { memberOfFleet } from '../../src/analysis/prove-loops.ts'
import { type Subject, subjectOf } from '../../src/analysis/prove-witness.ts'
import { compile } from '../../src/compile/compile.ts'
import type { WholeClaim } from '../../src/config/define-claims.ts'
import type { CheckEntry, Document } from '../../src/config/document.ts'
import type { BoxEntry, ClaimEntry } from '../../src/config/document-claims.ts'
import { type Bundle, makeBundle } from '../../src/graph/bundle.ts'
import type { Graph } from '../../src/graph/graph.ts'
import { noSources } from '../../src/graph/sources.ts'
import { storedDomain } from '../../src/mail/domain.ts'
import { aDocument, alias, client, deny, domain, list, listener, mailbox, route } from '../compile/a-document.ts'

const bundleOf = (part: Partial<Document>): Bundle => makeBundle(compile(aDocument(part)).graph, noSources)
const subjectFor = (part: Partial<Document>): Subject => subjectOf(bundleOf(part))
const whole = (kind: WholeClaim, part: Partial<Document>): Proof =>
  proofOf(subjectFor(part), { kind, at: '' }, null, 'error')
const of = (claim: ClaimEntry, part: Partial<Document>): Proof => {
  const subject = subjectFor({ ...part, prove: [claim] })
  return proofOf(subject, subject.bundle.graph.claims.prove[0]!, claim.at, 'error')
}
const says = ({ verdict, reason }: Proof): string => `${verdict} ${reason}`

const toIsp = route('*', { kind: 'relay', relay: 'isp' })
const hosts = (pattern: string, host: string, port = 25) => route(pattern, { kind: 'hosts', hosts: [{ host, port }] })
const reject = { kind: 'reject', code: 550, status: '5.1.2', text: 'moved' } as const

describe('noOpenRelay', () => {
  test('holds if clients are who they seem to be', () => {
    const proof = whole('noOpenRelay', {})
    expect(proof.verdict).toBe('PROVED-IF')
    expect(proof.assumes.join()).toMatch(/clients in internal networks are really those hosts/)
  })
  test('without internal clients it rests on nothing', () =>
    expect(whole('noOpenRelay', { clients: [] }).verdict).toBe('PROVED'))
  test('a DNS list that is the only gate is none: it may not answer', () => {
    const open = { kind: 'open', reason: 'lab', until: '2030-01-01', at: 'relaying' } as const
    const proof = whole('noOpenRelay', { relaying: open, dnsbl: [list('zen', { onError: 'ignore' })] })
    expect(says(proof)).toMatch(/^VIOLATED 203\.0\.113\.9, who is not internal, can send to .*elsewhere\.example/)
    expect(proof.witness?.explain).toMatch(/^mailgw explain --listener \w+ --client 203\.0\.113\.9 --from \S+ --to \S+/)
  })
  test('a network inside of an internal one that is not internal is outside', () =>
    expect(
      whole('noOpenRelay', {
        clients: [client('a', ['10.0.0.0/8']), client('b', ['10.9.0.0/16'], { internal: false })],
      }).verdict,
    ).toBe('PROVED-IF'))
  test('a graph that lets one unlucky network relay is caught, though only one row of it is wrong', () => {
    const { graph } = compile(aDocument({ clients: [client('a', ['10.0.0.0/8']), client('b', ['192.0.2.0/24'])] }))
    // As if the compiler had taken a client for internal that the document does not call so.
    const wrong: Graph = {
      ...graph,
      claims: {
        ...graph.claims,
        clients: graph.claims.clients.map(([network, , at]) => [network, network === '10.0.0.0/8', at] as const),
      },
    }
    const proof = proofOf(subjectOf(makeBundle(wrong, noSources)), { kind: 'noOpenRelay', at: '' }, null, 'error')
    expect(proof.witness?.message.client).toMatch(/^192\.0\.2\./)
  })
})

describe('noLoops', () => {
  const own = [{ ...listener('mx', 'mx'), bind: [{ host: '192.0.2.25', port: 25 }] }]
  test('holds if strangers do not send mail back', () => {
    const proof = whole('noLoops', {})
    expect(proof.verdict).toBe('PROVED-IF')
    expect(proof.assumes).toEqual(['hosts that are not in this repository (smtp.isp.example) do not send mail back'])
  })
  test.each([
    ['an own address', hosts('loop.example', '192.0.2.25')],
    ['the own name', hosts('loop.example', 'gw.example.com')],
  ])('a route to %s is a loop', (_, row) => {
    const proof = whole('noLoops', { listeners: own, localMx: [row, toIsp] })
    expect(says(proof)).toMatch(/^VIOLATED mail for \S+@loop\.example is sent to a listener of this gateway/)
    expect(proof.witness?.behaviour.kind).toBe('accepted')
  })
  test('another port of the own name is another program', () =>
    expect(whole('noLoops', { listeners: own, localMx: [hosts('loop.example', 'gw.example.com', 26)] }).verdict).toBe(
      'PROVED-IF',
    ))
  test('mail that another gateway of the repository sends back goes round', () => {
    const gateway = (name: string, next: string) =>
      bundleOf({
        hostname: storedDomain(name),
        listeners: [{ ...listener('mx', 'mx'), hostname: name, bind: [{ host: '0.0.0.0', port: 25 }] }],
        domains: [domain('lab.example', 'relay')],
        localMx: [hosts('lab.example', next)],
        postmaster: mailbox('admin@lab.example'),
      })
    const other = memberOfFleet('two', gateway('two.example', 'one.example'))
    const proof = prove(gateway('one.example', 'two.example'), { neighbours: [other] }).proofs.find(({ claim }) =>
      claim.startsWith('noLoops'),
    )!
    expect(says(proof)).toMatch(/^VIOLATED mail for \S+@lab\.example goes round: /)
    expect(proof.findings.map(({ at }) => at)).toEqual(['localMx["lab.example"]'])
  })
})

describe('noDeadRules', () => {
  const dead = (part: Partial<Document>) => whole('noDeadRules', part).findings.map(({ at }) => at)
  test('every rule of an ordinary document decides something', () =>
    expect(whole('noDeadRules', { deny: [deny(0, { sender: ['a.example'] })] }).verdict).toBe('PROVED'))
  test('a rule that two others hide together is dead, and neither hides it alone', () => {
    const halves = [deny(0, { client: ['198.51.100.0/25'] }), deny(1, { client: ['198.51.100.128/25'] })]
    const third = deny(2, { client: ['198.51.100.0/24'], sender: ['x.example'] })
    expect(dead({ deny: [...halves, third] })).toEqual(['deny[2]'])
    expect(dead({ deny: [halves[0]!, third] })).toEqual([])
  })
  test('a row whose networks are all written out below it is dead', () =>
    expect(
      dead({ clients: [client('a', ['10.0.0.0/8']), client('b', ['10.0.0.0/9']), client('c', ['10.128.0.0/9'])] }),
    ).toEqual(['clients.a.networks["10.0.0.0/8"]']))
  test('a rule that the compiler leaves out is dead as well', () =>
    expect(dead({ deny: [deny(0, { sender: ['*.a.example'] }), deny(1, { sender: ['b.a.example'] })] })).toEqual([
      'deny[1]',
    ]))
  test('a rule behind another of more conditions is alive', () =>
    expect(
      dead({
        deny: [deny(0, { sender: ['a.example'], recipient: ['b.example'] }), deny(1, { recipient: ['b.example'] })],
      }),
    ).toEqual([]))
  test('a list that no client is asked about is dead', () =>
    expect(dead({ relaying: { kind: 'outbound', at: 'relaying' }, dnsbl: [list('zen')] })).toEqual(['dnsbl["zen"]']))
  const check = (listeners: readonly string[] | null, part: Partial<CheckEntry> = {}): CheckEntry => ({
    at: 'checks.reverse',
    id: 'reverse',
    listeners,
    then: { code: 550, text: 'no' },
    onError: 'ignore',
    ...part,
  })
  test('a check that no client is asked is dead', () => {
    expect(dead({ relaying: { kind: 'outbound', at: 'relaying' }, checks: [check(['mx'])] })).toEqual([
      'checks.reverse',
    ])
    expect(dead({ listeners: [listener('users', 'submission')], checks: [check(null)] })).toContain('checks.reverse')
  })
  test('a check that somebody is asked is alive, also one that only marks or only looks on', () => {
    expect(dead({ checks: [check(null)] })).toEqual([])
    expect(dead({ checks: [check(null, { then: { tag: 'odd' } })] })).toEqual([])
    expect(dead({ checks: [check(null, { mode: 'observe' })] })).toEqual([])
  })
  test('a row for notifications alone is alive', () =>
    expect(dead({ clients: [], localMx: [toIsp, hosts('b.example', 'bart')] })).toEqual([]))
})

describe('every domain of ours', () => {
  test('takes mail for somebody', () => expect(whole('everyLocalDomainHasTerminal', {}).verdict).toBe('PROVED'))
  test('is named when a rule takes all of its mail', () => {
    const proof = whole('everyLocalDomainHasTerminal', {
      domains: [domain('example.com'), domain('*.lab.example')],
      deny: [deny(0, { recipient: ['*.lab.example'] })],
    })
    expect(proof.findings.map(({ at }) => at)).toEqual(['domains["*.lab.example"]'])
    expect(proof.witness?.deciders.at(-1)?.at).toBe('deny[0]')
  })
  test('has no mailbox but its roles when its list is empty, and that is nobody', () =>
    expect(
      whole('everyLocalDomainHasTerminal', { domains: [domain('example.com'), domain('b.example', 'local', [])] })
        .verdict,
    ).toBe('VIOLATED'))
  test('may be rejected as a whole by a row that says so', () =>
    expect(
      whole('everyLocalDomainHasTerminal', {
        domains: [domain('example.com'), domain('old.example', 'relay')],
        localMx: [toIsp, route('old.example', reject)],
      }).verdict,
    ).toBe('PROVED'))
  test('that throws all of its mail away takes none', () =>
    expect(
      whole('everyLocalDomainHasTerminal', {
        domains: [domain('example.com'), domain('b.example')],
        localMx: [route('b.example', { kind: 'discard' })],
      }).verdict,
    ).toBe('VIOLATED'))
})

describe('postmaster and abuse', () => {
  test('are accepted past deny rules on recipients, senders of a client, and DNS lists', () => {
    const proof = whole('postmasterAndAbuseAccepted', {
      deny: [deny(0, { recipient: ['*'] })],
      dnsbl: [list('zen')],
      domains: [domain('example.com', 'local', [])],
    })
    expect(proof.verdict).toBe('PROVED')
  })
  test('are accepted from whom nothing refuses before RCPT', () =>
    expect(whole('postmasterAndAbuseAccepted', { deny: [deny(0, { client: ['192.0.2.0/24'] })] }).verdict).toBe(
      'PROVED-IF',
    ))
  test('are refused when strangers are', () => {
    const proof = whole('postmasterAndAbuseAccepted', {
      deny: [deny(0, { listeners: ['mx'], client: ['0.0.0.0/0', '::/0'] })],
    })
    expect(says(proof)).toMatch(/^VIOLATED nobody from outside/)
  })
})

describe('nullSenderAcceptedForLocal', () => {
  test('holds where clients are held to their own senders', () =>
    expect(
      whole('nullSenderAcceptedForLocal', { clients: [client('a', ['10.0.0.0/8'], { senders: ['a.example'] })] })
        .verdict,
    ).toBe('PROVED'))
  test('is violated by a rule for one domain', () => {
    const proof = whole('nullSenderAcceptedForLocal', {
      deny: [deny(0, { sender: ['<>'], recipient: ['example.com'] })],
    })
    expect(proof.witness?.message.sender).toBe('<>')
  })
  test('is not touched by who may send nothing at all', () =>
    expect(whole('nullSenderAcceptedForLocal', { deny: [deny(0, { client: ['192.0.2.0/24'] })] }).verdict).toBe(
      'PROVED',
    ))
})

describe('oraclesFailSafe', () => {
  test('holds without any list', () => expect(says(whole('oraclesFailSafe', {}))).toMatch(/^PROVED .*no DNS list/))
  test('holds where a list that fails is ignored', () =>
    expect(whole('oraclesFailSafe', { dnsbl: [list('zen')] }).verdict).toBe('PROVED'))
  test('is violated where all mail waits for one list', () =>
    expect(says(whole('oraclesFailSafe', { dnsbl: [list('zen', { onError: 'defer' })] }))).toBe(
      'VIOLATED no mail from outside arrives while dnsbl.zen cannot be asked',
    ))
  test('holds, while some mail waits, where another listener asks no list', () =>
    expect(whole('oraclesFailSafe', { dnsbl: [list('zen', { onError: 'defer', listeners: ['lan'] })] }).verdict).toBe(
      'PROVED-IF',
    ))
})

describe('authOnlyOverTls', () => {
  const relay = (tls: 'may' | 'verify') => ({
    at: 'relays.isp',
    name: 'isp',
    hosts: [{ host: 'smtp.isp.example', port: 587 }],
    tls,
    auth: { user: 'gw', pass: { $secret: 'env:ISP' as const } },
    connections: 1,
  })
  test('holds because no listener offers AUTH, and says so', () =>
    expect(says(whole('authOnlyOverTls', {}))).toMatch(/^PROVED no listener offers AUTH/))
  test('holds for relays with TLS', () =>
    expect(whole('authOnlyOverTls', { relays: [relay('verify')] }).verdict).toBe('PROVED'))
  test('is violated by a password that may go in clear text', () =>
    expect(whole('authOnlyOverTls', { relays: [relay('may')] }).findings.map(({ at }) => at)).toEqual(['relays.isp']))
})

describe('noUnreachableRelay', () => {
  test('holds where each relay gets mail', () => expect(whole('noUnreachableRelay', {}).verdict).toBe('PROVED'))
  test('names the relay that no row leads to', () =>
    expect(whole('noUnreachableRelay', { localMx: [hosts('*', 'bart')] }).findings.map(({ at }) => at)).toEqual([
      'relays.isp',
    ]))
})

describe('tlsFloor', () => {
  const floor = (pattern: string, level: 'may' | 'encrypt' | 'verify'): ClaimEntry => ({
    at: 'prove[0]',
    kind: 'tlsFloor',
    pattern,
    level,
  })
  const verify = route('*.partner.example', { kind: 'mx', tls: 'verify' })
  test('holds for every mailbox of the pattern', () =>
    expect(of(floor('*.partner.example', 'verify'), { localMx: [verify, toIsp] }).verdict).toBe('PROVED'))
  test('a row below with less is found', () =>
    expect(
      of(floor('*.partner.example', 'encrypt'), { localMx: [verify, hosts('b.partner.example', 'bart'), toIsp] })
        .witness?.message.recipient,
    ).toMatch(/@b\.partner\.example$/))
  test('a pattern does not cover its apex', () =>
    expect(of(floor('partner.example', 'encrypt'), { localMx: [verify, toIsp] }).verdict).toBe('VIOLATED'))
  test('where nobody may send, notifications may go', () => {
    const proof = of(floor('b.example', 'verify'), { clients: [], localMx: [hosts('b.example', 'bart'), toIsp] })
    expect(says(proof)).toMatch(/^VIOLATED notifications and forwarded mail for \S+@b\.example/)
    expect(proof.findings.map(({ at }) => at)).toEqual(['localMx["b.example"]'])
  })
  test('what stays here needs no TLS', () => expect(of(floor('example.com', 'verify'), {}).verdict).toBe('PROVED'))
})

const anyBox: BoxEntry = {
  listeners: null,
  client: null,
  internal: null,
  sender: null,
  recipient: null,
  overBytes: null,
  upToBytes: null,
  dnsbl: [],
}
const to = (...patterns: string[]): BoxEntry => ({ ...anyBox, recipient: { in: patterns, except: [] } })
const at = 'prove[0]'

describe('forAll', () => {
  const lab = { localMx: [hosts('x.lab.example', 'bart'), route('*.lab.example', { kind: 'relay', relay: 'isp' })] }
  test('onlyVia holds where all that is accepted goes there', () =>
    expect(of({ at, kind: 'onlyVia', relay: 'isp', box: to('y.lab.example') }, lab).verdict).toBe('PROVED'))
  test('onlyVia finds the row that leads elsewhere', () =>
    expect(says(of({ at, kind: 'onlyVia', relay: 'isp', box: to('*.lab.example') }, lab))).toMatch(
      /^VIOLATED a message for \S+@x\.lab\.example .*: to bart:25$/,
    ))
  test('onlyVia follows aliases', () =>
    expect(
      of(
        { at, kind: 'onlyVia', relay: 'isp', box: to('a@example.com') },
        { aliases: [alias('a@example.com', 'b@elsewhere.example')] },
      ).verdict,
    ).toBe('PROVED'))
  test('never holds of what is refused', () =>
    expect(
      of({ at, kind: 'never', effect: 'accepted', box: { ...to('elsewhere.example'), internal: false } }, {}).verdict,
    ).toBe('PROVED'))
  test('always refused is violated by one client', () =>
    expect(
      of({ at, kind: 'always', effect: 'refused', box: to('elsewhere.example') }, {}).witness?.message.client,
    ).toMatch(/^10\./))
  test('a size decides on both sides of its bound', () => {
    const rule = { deny: [deny(0, { sizeOverBytes: 100 })] }
    expect(of({ at, kind: 'always', effect: 'refused', box: { ...anyBox, overBytes: 100 } }, rule).verdict).toBe(
      'PROVED',
    )
    expect(
      of({ at, kind: 'always', effect: 'refused', box: { ...anyBox, overBytes: 99 } }, rule).witness?.message.sizeBytes,
    ).toBe(100)
  })
  test('the answer of a list is part of the box', () => {
    const lists = { dnsbl: [list('zen')] }
    const outside = {
      ...to('example.com'),
      internal: false,
      listeners: ['mx'],
      recipient: { in: ['ann@example.com'], except: [] },
    }
    const claim = (outcome: 'listed' | 'clear'): ClaimEntry => ({
      at,
      kind: 'always',
      effect: 'refused',
      box: { ...outside, dnsbl: [['zen', [outcome]]] },
    })
    expect(of(claim('listed'), lists).verdict).toBe('PROVED')
    expect(of(claim('clear'), lists).witness?.explain).toMatch(/--assume dnsbl\.zen=clear$/)
  })
  test('a box without messages says so', () =>
    expect(
      says(of({ at, kind: 'never', effect: 'accepted', box: { ...anyBox, internal: true } }, { clients: [] })),
    ).toBe('PROVED no message is in the box'))
})

test('a graph whose routes ask for more than the recipient is not decided, and never called proved', () => {
  const { graph } = compile(aDocument({}))
  const clientTable = graph.nodes.findIndex((node) => node.kind === 'table' && node.on === 'client')
  const wrong: Graph = { ...graph, entry: { ...graph.entry, route: clientTable } }
  const proof = proofOf(subjectOf(makeBundle(wrong, noSources)), { kind: 'noOpenRelay', at: '' }, null, 'error')
  expect(says(proof)).toBe('UNKNOWN the stage route of this graph asks for client')
})

test('every gateway is held to the same nine, and an open relay that was asked for is a warning', () => {
  const open = { kind: 'open', reason: 'lab', until: '2030-01-01', at: 'relaying' } as const
  const { proofs } = prove(bundleOf({ relaying: open }))
  expect(proofs.map(({ claim }) => claim)).toEqual([
    'noOpenRelay()',
    'noLoops()',
    'everyLocalDomainHasTerminal()',
    'postmasterAndAbuseAccepted()',
    'nullSenderAcceptedForLocal()',
    'authOnlyOverTls()',
    'oraclesFailSafe()',
    'noDeadRules()',
    'noUnreachableRelay()',
  ])
  expect(proofs[0]).toMatchObject({ verdict: 'VIOLATED', severity: 'warning', at: null })
  const claimed = prove(bundleOf({ relaying: open, prove: [{ at, kind: 'noOpenRelay' }] })).proofs
  expect(claimed[0]).toMatchObject({ verdict: 'VIOLATED', severity: 'error', at: 'prove[0]' })
  expect(claimed).toHaveLength(9)
})
