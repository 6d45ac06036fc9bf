import { describe, expect, test } from 'vitest'
import { settingChanges } from '../../src/analysis/settings.ts'
import { compile } from '../../src/compile/compile.ts'
import { backoff, slow, suspend } from '../../src/config/builders.ts'
import { canonicalJson } from '../../src/graph/canonical.ts'
import { checkGraph } from '../../src/graph/check-graph.ts'
import type { Graph } from '../../src/graph/graph.ts'
import { storedDomain } from '../../src/mail/domain.ts'
import type { NextHop } from '../../src/mail/next-hop.ts'
import { settingsOf, siteOf } from '../../src/route/next-hop-settings.ts'
import { documentOf, problems } from './check.ts'

const graphOf = (sections: Record<string, unknown>): Graph => {
  const { graph } = compile(documentOf({ trusted: '10.0.0.0/8', localMx: { '*': 'mx' }, ...sections }))
  const read: unknown = JSON.parse(canonicalJson(graph))
  // A gateway takes nobody's word for it.
  checkGraph(read)
  return graph
}

const towards = (domain: string): NextHop => ({
  kind: 'mx',
  key: `mx:${domain}`,
  domain: storedDomain(domain),
  tls: 'may',
  port: 25,
})

describe('what a document says of next hops (MR-10, MR-11, MR-12, MR-35, MR-42, MR-43)', () => {
  test('pools, rates and reactions stand in the graph in their short form, sorted; what is usual is left out', () => {
    const { control } = graphOf({
      egress: {
        main: ['192.0.2.1', { address: '2001:DB8::1', weight: 1 }].map((one) =>
          typeof one === 'string' ? one : one.address,
        ),
        bulk: {
          addresses: [{ address: '192.0.2.9', weight: 3, hostname: 'Out9.corp.example' }, '192.0.2.8'],
          hostname: 'bulk.corp.example',
          sameAsListener: { within: ['192.0.2.0/24'], except: '192.0.2.7' },
        },
        default: { sameAsListener: true },
      },
      destinations: {
        '*': { messagesPerConnection: 100 },
        'Gmail.com': {
          connections: 5,
          rate: '300/1m',
          egress: 'bulk',
          reactions: [
            { match: '4.7.* rate', do: backoff('10m') },
            { match: '421', do: slow('10/1m', '1h') },
            { match: '5.7.1 blocked', do: suspend('1d') },
          ],
        },
      },
      relays: { isp: { hosts: 'smtp.isp.example', recipientsPerMessage: 50, egress: 'main' } },
      localMx: { '*': 'relay:isp', 'gmail.com': 'mx' },
    })
    expect(control.egress).toEqual([
      {
        name: 'bulk',
        addresses: [{ address: '192.0.2.9', weight: 3, hostname: 'out9.corp.example' }, { address: '192.0.2.8' }],
        hostname: 'bulk.corp.example',
        sameAsListener: { within: ['192.0.2.0/24'], except: ['192.0.2.7/32'] },
      },
      { name: 'default', addresses: [], sameAsListener: {} },
      { name: 'main', addresses: [{ address: '192.0.2.1' }, { address: '2001:db8::1' }] },
    ])
    expect(control.destinations).toEqual([
      { pattern: '*', messagesPerConnection: 100 },
      {
        pattern: 'gmail.com',
        connections: 5,
        rate: { most: 300, perMs: 60_000 },
        egress: 'bulk',
        reactions: [
          { match: '4.7.* rate', do: { kind: 'back-off', forMs: 600_000 } },
          { match: '421', do: { kind: 'slow', rate: { most: 10, perMs: 60_000 }, forMs: 3_600_000 } },
          { match: '5.7.1 blocked', do: { kind: 'suspend', forMs: 86_400_000 } },
        ],
      },
    ])
    expect(control.relays[0]).toMatchObject({ recipientsPerMessage: 50, egress: 'main' })
  })

  test('a document that says nothing of them has the graph that it had before there were any', () => {
    const { control } = graphOf({ relays: { isp: { hosts: 'smtp.isp.example' } }, localMx: { '*': 'relay:isp' } })
    expect(Object.keys(control)).not.toContain('egress')
    expect(Object.keys(control)).not.toContain('destinations')
    expect(Object.keys(control.relays[0]!).sort()).toEqual(['auth', 'connections', 'hosts', 'name', 'tls'])
  })

  test('the most specific pattern counts, and it alone; a relay has its own; a folder has none', () => {
    const { control } = graphOf({
      destinations: {
        '*': { connections: 1 },
        '*.example': { connections: 2 },
        'a.example': { rate: '1/1m' },
        '*.a.example': { connections: 4 },
      },
      relays: { isp: { hosts: 'a.example', connections: 7 } },
      localMx: { '*': 'relay:isp' },
    })
    const of = (hop: NextHop) => settingsOf(hop, control)
    expect(of(towards('a.example'))).toEqual({ pattern: 'a.example', rate: { most: 1, perMs: 60_000 } })
    expect(of(towards('x.y.a.example')).connections).toBe(4)
    expect(of(towards('b.example')).connections).toBe(2)
    expect(of(towards('elsewhere.test')).connections).toBe(1)
    expect(of(towards('[192.0.2.1]')).connections).toBe(1)
    expect(of({ kind: 'hosts', key: 'hosts:a', hosts: [{ host: 'b.example', port: 25 }] }).connections).toBe(2)
    expect(of({ kind: 'hosts', key: 'hosts:a', hosts: [{ host: '192.0.2.1', port: 25 }] }).connections).toBe(1)
    const relay = { kind: 'relay', key: 'relay:isp', relay: control.relays[0]! } as const
    expect(of(relay).connections).toBe(7)
    expect(of({ kind: 'maildir', key: 'maildir:m', dir: 'm' })).toEqual({})
  })

  test('a row of MX hosts is for domains that have none of their own, and the most specific one counts', () => {
    const { control } = graphOf({
      destinations: {
        'mx-host:*.Provider.example': { rate: '600/1m', reactions: [{ match: '421', do: backoff('5m') }] },
        'mx-host:mx1.provider.example': { connections: 3 },
        'a.example': { connections: 2 },
        '*': { connections: 1 },
      },
    })
    const of = (domain: string, host: string) => siteOf(towards(domain), host, control)?.pattern ?? null
    expect(of('b.example', 'mx2.in.provider.example')).toBe('mx-host:*.provider.example')
    expect(of('b.example', 'mx1.provider.example')).toBe('mx-host:mx1.provider.example')
    expect(of('a.example', 'mx1.provider.example')).toBeNull()
    expect(of('b.example', 'provider.example')).toBeNull()
    expect(of('b.example', 'mx1.elsewhere.example')).toBeNull()
    // No domain, however odd, is taken for a row of hosts.
    expect(settingsOf(towards('mx1.provider.example'), control).connections).toBe(1)
    const { relays } = control
    expect(siteOf({ kind: 'hosts', key: 'hosts:a', hosts: [] }, 'mx1.provider.example', control)).toBeNull()
    expect(relays).toEqual([])
  })

  test('of MX hosts nothing can be said that is decided before they are known', () => {
    const one = { egress: 'main', retry: 'slow', rate: '1/1m', reactions: [{ match: '421', do: suspend('1d') }] }
    expect(
      problems({
        destinations: { 'mx-host:*.provider.example': one, 'mx-host:a..example': { connections: 1 } },
        egress: { main: '192.0.2.1' },
        retry: { schedules: { slow: { schedule: ['1h'] } } },
      }),
    ).toEqual([
      'MG1452 destinations["mx-host:*.provider.example"].reactions[0].do',
      'MG1452 key of destinations["mx-host:*.provider.example"].egress',
      'MG1452 key of destinations["mx-host:*.provider.example"].retry',
      'MG1301 key of destinations["mx-host:a..example"]',
    ])
  })

  test('a plan shows what changes of them', () => {
    const one = graphOf({
      egress: { main: '192.0.2.1' },
      destinations: { 'a.example': { egress: 'main', rate: '30/1m' } },
    })
    const other = graphOf({
      egress: { main: '192.0.2.2' },
      destinations: { 'a.example': { egress: 'main', rate: '60/1m' } },
    })
    expect(settingChanges(one, other)).toEqual([
      { at: 'destinations.a.example.rate.most', from: '30', to: '60' },
      { at: 'egress.main.addresses', from: '{"address":"192.0.2.1"}', to: '{"address":"192.0.2.2"}' },
    ])
  })

  test('a pool that is used by its name `default` needs nobody to name it', () => {
    expect(problems({ egress: { default: '192.0.2.1' } })).toEqual([])
    expect(problems({ egress: { main: '192.0.2.1' } })).toEqual(['warning MG1451 key of egress.main'])
  })
})

describe('what a gateway refuses of a graph', () => {
  const wrongs: [name: string, change: (control: Record<string, unknown>) => void][] = [
    ['a pool that is not there', (control) => (control['destinations'] = [{ pattern: '*', egress: 'gone' }])],
    ['patterns in another order', (control) => (control['destinations'] = [{ pattern: 'b' }, { pattern: 'a' }])],
    ['a pattern that is a mailbox', (control) => (control['destinations'] = [{ pattern: 'a@b.example' }])],
    [
      'what cannot be said of MX hosts',
      (control) => (control['destinations'] = [{ pattern: 'mx-host:*', conversion: 'refuse' }]),
    ],
    ['an MX host that is a mailbox', (control) => (control['destinations'] = [{ pattern: 'mx-host:a@b.example' }])],
    ['an address that is none', (control) => (control['egress'] = [{ name: 'x', addresses: [{ address: 'host' }] }])],
    [
      'a reaction to what was taken',
      (control) =>
        (control['destinations'] = [
          { pattern: '*', reactions: [{ match: '250', do: { kind: 'back-off', forMs: 1000 } }] },
        ]),
    ],
    [
      'a deed that nobody knows',
      (control) =>
        (control['destinations'] = [
          { pattern: '*', reactions: [{ match: '421', do: { kind: 'exec', forMs: 1000 } }] },
        ]),
    ],
    [
      'a rate of nothing',
      (control) => (control['destinations'] = [{ pattern: '*', rate: { most: 0, perMs: 60_000 } }]),
    ],
  ]
  for (const [name, change] of wrongs) {
    test(name, () => {
      const graph = JSON.parse(canonicalJson(graphOf({}))) as { control: Record<string, unknown> }
      change(graph.control)
      expect(() => checkGraph(graph)).toThrow(/control/)
    })
  }
})
