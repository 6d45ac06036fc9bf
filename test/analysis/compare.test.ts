import { describe, expect, test } from 'vitest'
import type { ChangeSet } from '../../src/analysis/change-set.ts'
import { compareGraphs } from '../../src/analysis/compare.ts'
import { compile } from '../../src/compile/compile.ts'
import type { Document } from '../../src/config/document.ts'
import { boxHolds } from '../../src/graph/box.ts'
import { type Bundle, makeBundle } from '../../src/graph/bundle.ts'
import { bareLine } from '../../src/graph/evaluator.ts'
import { sourcesOf } from '../../src/graph/sources.ts'
import { aDocument, alias, client, deny, domain, list, mailbox, route } from '../compile/a-document.ts'

function bundleOf(part: Partial<Document>): Bundle {
  const { graph, diagnostics } = compile(aDocument(part))
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  return makeBundle(
    graph,
    sourcesOf(graph, (at) => ({ file: 'mailgw.config.ts', line: at.length, column: 3 })),
  )
}

const plan = (before: Partial<Document>, after: Partial<Document>): ChangeSet =>
  compareGraphs(bundleOf(before), bundleOf(after))
const kinds = (set: ChangeSet) => set.changes.map(({ kind }) => kind)
const relay = (part: Partial<Document['relays'][number]>): Document['relays'] => [
  { ...aDocument().relays[0]!, ...part },
]

describe('what a change does to mail', () => {
  test('nothing, when nothing changes', () => {
    expect(plan({}, {})).toMatchObject({ changes: [], destinations: [], settings: [], unknown: [] })
  })

  test('a network that becomes internal heads the list: its clients may relay from now on', () => {
    const set = plan({}, { clients: [client('office', ['10.0.0.0/8', '203.0.113.0/24'])] })
    const [first] = set.changes
    expect(first!.kind).toBe('relayed-from-outside')
    expect(first!.box.clients).toEqual([{ pattern: '203.0.113.0/24', except: [] }])
    expect(first!.box.recipients).toEqual([
      { pattern: '*', except: ['abuse@gw.example.com', 'example.com', 'postmaster@gw.example.com'] },
    ])
    expect(first!.moves[0]).toMatchObject({ from: 'refused 550 5.7.1 relaying denied', to: 'relay isp' })
    expect(first!.causes).toEqual([
      {
        side: 'after',
        at: 'clients.office.networks["203.0.113.0/24"]',
        file: 'mailgw.config.ts',
        line: 'clients.office.networks["203.0.113.0/24"]'.length,
        column: 3,
      },
    ])
    expect(first!.witness.message).toMatchObject({ client: '203.0.113.9' })
    expect(first!.witness.to).toMatchObject({ kind: 'accepted', finals: [{ route: { text: 'relay isp' } }] })
  })

  test('a row that lets in what another row let in before is not why the relay got a lower TLS level', () => {
    const trusted = (network: string) => [client('trusted', [network])]
    const set = plan(
      { clients: trusted('10.0.0.0/24'), relays: relay({ tls: 'verify' }) },
      { clients: trusted('10.0.0.0/23'), relays: relay({ tls: 'may' }) },
    )
    const lowered = set.changes.find(({ kind }) => kind === 'tls-lowered')
    expect(lowered!.causes.map(({ side, at }) => `${side} ${at}`)).toEqual(['before relays.isp', 'after relays.isp'])
  })

  test('a relay with a lower TLS level is one box, and the relay its cause', () => {
    const set = plan({ relays: relay({ tls: 'verify' }) }, { relays: relay({ tls: 'may' }) })
    expect(kinds(set)).toEqual(['tls-lowered'])
    expect(set.changes[0]!.moves[0]).toMatchObject({
      from: 'relay isp (smtp.isp.example:587, TLS verify)',
      to: 'relay isp (smtp.isp.example:587, TLS may)',
    })
    expect(set.changes[0]!.causes.map(({ side, at }) => `${side} ${at}`)).toEqual([
      'before relays.isp',
      'after relays.isp',
    ])
    expect(set.changes[0]!.causes[0]).toMatchObject({ file: 'mailgw.config.ts', line: 'relays.isp'.length })
    expect(set.settings).toEqual([{ at: 'relays.isp.tls', from: 'verify', to: 'may' }])
  })

  test('what a limit of hops refused before goes with what refuses it now, beside other changes too', () => {
    const set = plan(
      { relays: relay({ tls: 'verify' }) },
      { relays: relay({ tls: 'may' }), deny: [deny(0, { recipient: ['nobody@example.com'] })] },
    )
    expect(kinds(set)).toEqual(['tls-lowered', 'refused'])
    expect(set.changes[1]!.box).toMatchObject({
      recipients: [{ pattern: 'nobody@example.com', except: [] }],
      hops: null,
    })
  })

  test('of many moves the first are told and the others counted, each mailbox once', () => {
    const rows = (shift: number) =>
      Array.from({ length: 60 }, (_, i) =>
        route(`d${i}.test`, { kind: 'hosts', hosts: [{ host: `h${i + shift}.test`, port: 25 }] }),
      )
    const set = plan({ localMx: rows(0) }, { localMx: rows(1) })
    expect(kinds(set)).toEqual(['rerouted'])
    const { moves, box } = set.changes[0]!
    expect(box.recipients).toHaveLength(60)
    expect(moves).toHaveLength(51)
    expect(moves[0]).toMatchObject({
      from: 'to h0.test:25',
      to: 'to h1.test:25',
      classes: 1,
      recipients: [{ pattern: 'd0.test', except: [] }],
    })
    expect(moves.map(({ recipients }) => recipients?.length)).toEqual([
      ...Array(8).fill(1),
      ...Array(43).fill(undefined),
    ])
    expect(moves[50]).toEqual({ from: '10 others', to: '10 others', classes: 10 })
  })

  test('each of several moves in a box names who makes it: subdomains and mailboxes with rows of their own are not in it', () => {
    const hosts = (host: string) => ({ kind: 'hosts', hosts: [{ host, port: 25 }] }) as const
    const rows = (a: string, b: string) => [
      route('*.a.test', hosts(a)),
      route('x.a.test', hosts(b)),
      route('joe@y.a.test', hosts(b)),
    ]
    const set = plan({ localMx: rows('old.test', 'other.test') }, { localMx: rows('new.test', 'another.test') })
    expect(kinds(set)).toEqual(['rerouted'])
    const { moves } = set.changes[0]!
    const blamed = new Map(moves.map(({ from, causes }) => [from, causes!.map(({ side, at }) => `${side} ${at}`)]))
    expect(blamed.get('to old.test:25')).toEqual(['before localMx["*.a.test"]', 'after localMx["*.a.test"]'])
    const [row] = blamed.get('to other.test:25')!
    expect(row).toMatch(/^before localMx\["(?:x|joe@y)\.a\.test"\]$/)
    const named = moves.map(({ from, recipients }) => ({ from, recipients }))
    expect(named).toContainEqual({
      from: 'to old.test:25',
      recipients: [{ pattern: '*.a.test', except: ['joe@y.a.test', 'x.a.test'] }],
    })
    expect(named).toContainEqual({
      from: 'to other.test:25',
      recipients: [
        { pattern: 'joe@y.a.test', except: [] },
        { pattern: 'x.a.test', except: [] },
      ],
    })
  })

  test('a route of its own for a domain is rerouted there, and nowhere else', () => {
    const set = plan(
      {},
      { localMx: [route('*', { kind: 'relay', relay: 'isp' }), route('*.a.test', { kind: 'discard' })] },
    )
    expect(kinds(set)).toEqual(['rerouted'])
    expect(set.changes[0]!.box.recipients).toEqual([{ pattern: '*.a.test', except: [] }])
    expect(set.changes[0]!.moves).toEqual([
      { from: 'relay isp', to: 'discarded', classes: 1, tls: { from: 'may', to: null } },
    ])
  })

  test('an alias changes its one mailbox, however the local part is written', () => {
    const set = plan({}, { aliases: [alias('sales@example.com', 'joe@example.com', 'ann@example.com')] })
    expect(kinds(set)).toEqual(['rerouted'])
    const [{ box }] = set.changes as [ChangeSet['changes'][number]]
    expect(box.recipients).toEqual([{ pattern: 'sales@example.com', except: [] }])
    const message = {
      ...bareLine,
      listener: 'mx',
      client: '203.0.113.9',
      sender: null,
      sizeBytes: null,
      hops: null,
    } as const
    const to = (text: string) =>
      boxHolds(box, { ...message, client: message.client as never, recipient: mailbox(text) }, new Map())
    expect([to('SALES@example.com'), to('"sales"@example.com'), to('sales2@example.com')]).toEqual([true, true, false])
  })

  test('a catch-all changes nothing for the mailbox that it leads to, which is not named in any row', () => {
    const rest = { kind: 'catch-all', to: mailbox('all@c.test') } as const
    const rows = { domains: [domain('a.test', 'relay'), domain('c.test', 'relay')], clients: [] }
    const set = plan(rows, { ...rows, domains: [rows.domains[0]!, domain('c.test', 'relay', ['all'], rest)] })
    const box = (recipient: string) =>
      set.changes.filter(({ box }) =>
        boxHolds(
          box,
          {
            ...bareLine,
            listener: 'mx',
            client: '203.0.113.9' as never,
            sender: null,
            recipient: mailbox(recipient),
            sizeBytes: 1,
            hops: 1,
          },
          new Map(),
        ),
      ).length
    expect([box('joe@c.test'), box('all@c.test'), box('all@a.test')]).toEqual([1, 0, 0])
  })

  test('a list that defers where it ignored is a change for the answer "error" alone', () => {
    const set = plan({ dnsbl: [list('zen')] }, { dnsbl: [list('zen', { onError: 'defer' })] })
    expect(kinds(set)).toEqual(['refused'])
    expect(set.changes[0]!.box.oracles).toEqual({ 'dnsbl.zen': ['error'] })
    expect(set.changes[0]!.witness.answers).toEqual({ 'dnsbl.zen': 'error' })
  })

  test('a rule for destinations is reported apart, for the addresses that deliveries connect to', () => {
    const set = plan({}, { deny: [deny(0, { destination: ['192.0.2.0/24'] })] })
    expect(set.changes).toEqual([])
    expect(set.destinations).toMatchObject([
      { kind: 'refused', destinations: [{ pattern: '192.0.2.0/24', except: [] }], from: 'may be connected to' },
    ])
    expect(set.destinations[0]!.causes.map(({ at }) => at)).toEqual(['deny[0]'])
  })

  test('beyond its budget it says that it does not know', () => {
    const set = compareGraphs(bundleOf({}), bundleOf({ domains: [domain('other.test')] }), { nodeBudget: 1 })
    expect(set.changes).toEqual([])
    expect(set.unknown).toEqual([expect.stringContaining('more than 1 nodes')])
  })
})

describe('the change-set hash', () => {
  const closed = [deny(0, { recipient: ['closed.test'] })]
  const hosts = (pattern: string, host: string) => route(pattern, { kind: 'hosts', hosts: [{ host, port: 25 }] })

  test('is the same when the base has moved in what the change does not touch', () => {
    const moved = { domains: [domain('example.com'), domain('ours.test')] }
    const one = plan(
      {},
      { localMx: [route('*', { kind: 'discard' })], relaying: { kind: 'local-only', at: 'relaying' } },
    )
    expect(one.hash).toMatch(/^c1:[a-z2-7]{52}$/)
    const rows = [
      route('*', { kind: 'relay', relay: 'isp' } as const),
      route('b.test', { kind: 'relay', relay: 'isp' } as const),
    ]
    // A row that says what `*` says is no other gateway.
    expect(plan({ localMx: rows }, { localMx: rows, deny: closed }).hash).toBe(plan({}, { deny: closed }).hash)
    expect(plan(moved, { ...moved, deny: closed }).hash).toBe(plan({}, { deny: closed }).hash)
  })

  test('is another one when the same messages change in another way, or others do', () => {
    const hashes = [
      plan({}, { deny: closed }),
      plan({}, { deny: [deny(0, { recipient: ['closed2.test'] })] }),
      plan({}, { deny: [deny(0, { recipient: ['closed.test'] }, { code: 554, status: '5.7.1', text: 'no' })] }),
      plan({}, { localMx: [hosts('a.test', 'h1.test'), hosts('b.test', 'h2.test')] }),
      plan({}, { localMx: [hosts('a.test', 'h2.test'), hosts('b.test', 'h1.test')] }),
      plan({}, { localMx: [hosts('a.test', 'h1.test'), hosts('b.test', 'h1.test')] }),
      plan({}, { limits: { ...aDocument().limits, sessions: 7 } }),
      plan({}, {}),
    ].map(({ hash }) => hash)
    expect(new Set(hashes).size).toBe(hashes.length)
  })
})
