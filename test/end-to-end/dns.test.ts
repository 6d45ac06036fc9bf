// EX-41, EX-43, EX-44, EX-45, MQ-87: what an operator sees and does of names on a running gateway.
import { describe, expect, test } from 'vitest'
import type { Destination } from '../../src/admin/destination-operations.ts'
import type { CacheAnswer } from '../../src/admin/dns-operations.ts'
import type { WayView } from '../../src/mail/hop-view.ts'
import { mailgw, startGateway, until } from '../support/gateway.ts'
import { startMxLab } from '../support/mx-lab.ts'
import { startMxSinks } from '../support/mx-sinks.ts'
import { freePort, peers } from '../support/peer.ts'
import { openClient, sendMessage } from './client.ts'
import { site } from './site.ts'

type Shown = WayView & { readonly steps: readonly string[] }

describe.skipIf(!peers('nsd'))('a running gateway', () => {
  test('shows what it has kept of the DNS and where mail goes, and forgets on demand', async () => {
    const port = await freePort()
    const sinks = await startMxSinks(port, { '127.0.9.2': 'takes' })
    const lab = await startMxLab({ 'two.test': ['127.0.9.1', '127.0.9.2'], 'null.test': 'null-mx' })
    const gateway = await startGateway(
      site({
        port,
        mxPort: port,
        relaying: 'outbound',
        localMx: { '*': 'mx' },
        resolver: { servers: [lab.server], timeout: '1s', attempts: 1 },
        tlsPolicy: { mtaSts: 'off' },
        destinations: { 'mx-host:*.mx-lab.test': { connections: 7, rate: '900/1h' } },
        retry: { schedule: ['1h'], expireAfter: '1d' },
      }),
    )
    const client = await openClient(port)
    await sendMessage(client, 'a@here.test', 'b@two.test')
    await until('the second MX has it', () => sinks.taken.get('127.0.9.2'))

    // What is said of the hosts of a provider holds for all domains that are there, and has a row of its own.
    const [provider, domain] = await gateway.ask<readonly Destination[]>('dest', 'list')
    expect(provider).toMatchObject({
      name: 'mx-host:*.mx-lab.test',
      state: 'up',
      connections: 1,
      limit: 7,
      rate: { most: 900, perMs: 3_600_000 },
    })
    expect(domain).toMatchObject({ name: `mx:two.test:${port}`, connections: 1 })
    const refused = ['--for', '1h', '--reason', 'x', '--state-dir', gateway.stateDir]
    expect((await mailgw(['dest', 'suspend', 'mx-host:*.mx-lab.test', ...refused])).err).toContain(
      'suspend its domains',
    )

    // The whole set, with the health of each address: the first did not answer, and is tried last for a while.
    const way = await gateway.ask<Shown>('mx', 'two.test')
    const [dead, alive] = way.hop!.hosts
    expect(way).toMatchObject({ row: { at: 'localMx["*"]', file: 'mailgw.config.json' }, held: null })
    expect(dead).toMatchObject({ preference: 10, standing: 'tried', addresses: [{ address: '127.0.9.1', turn: 1 }] })
    expect(dead!.addresses[0]!.shunnedUntil).toBeGreaterThan(Date.now())
    expect(alive!.addresses[0]).toMatchObject({ address: '127.0.9.2', shunnedUntil: null })
    expect(way.steps.findIndex((step) => step.includes('127.0.9.2'))).toBeLessThan(
      way.steps.findIndex((step) => step.includes('127.0.9.1')),
    )
    const text = await mailgw(['mx', 'two.test', '--state-dir', gateway.stateDir])
    expect(text.out).toMatch(/127\.0\.9\.1: tried as number 1, avoided for \d+s: it did not answer/)

    const cache = await gateway.ask<CacheAnswer>('dns', 'cache', 'two.test')
    expect(cache.entries).toMatchObject([
      { name: 'two.test', type: 'MX', state: 'fresh', data: expect.arrayContaining([`10 ${lab.host('127.0.9.1')}`]) },
    ])
    expect(cache.servers).toMatchObject([{ server: lab.server, shunnedUntil: null }])
    await gateway.ask('mx', 'null.test')
    await gateway.ask('mx', 'none.null.test')
    const all = await mailgw(['dns', 'cache', '--state-dir', gateway.stateDir])
    expect(all.out).toMatch(/^null\.test +MX +fresh .* 0 \.$/m)
    expect(all.out).toMatch(/^none\.null\.test +\* +negative .* no such name$/m)
    const page = await gateway.ask<CacheAnswer>('dns', 'cache', '--limit', '2')
    const next = await gateway.ask<CacheAnswer>(
      ...['dns', 'cache', '--limit', '1', '--after'],
      `${page.entries[1]!.name} ${page.entries[1]!.type}`,
    )
    expect(next.entries[0]).not.toEqual(page.entries[0])
    expect(next.entries[0]!.name >= page.entries[1]!.name).toBe(true)

    const { out: numbers } = await mailgw(['metrics', '--state-dir', gateway.stateDir])
    expect(numbers).toMatch(/^mailgw_dns_questions_total\{answer="cached"\} [1-9]/m)
    expect(numbers).toMatch(/^mailgw_dns_questions_total\{answer="asked"\} [1-9]/m)
    expect(numbers).toContain(`\nmailgw_dns_server_up{server="${lab.server}"} 1\n`)
    expect(numbers).toMatch(/^mailgw_dns_server_queries_total\{server="[^"]+",protocol="udp"\} [1-9]/m)
    // For a zone that it does not have, NSD answers REFUSED.
    await gateway.ask('mx', 'strange.example')
    const later = await mailgw(['metrics', '--state-dir', gateway.stateDir])
    expect(later.out).toMatch(/^mailgw_dns_server_failures_total\{server="[^"]+",reason="useless"\} [1-9]/m)
    expect(later.out).toMatch(/^mailgw_dns_questions_failed_total [1-9]/m)

    // Another answer is seen when the old one has been forgotten, and not before.
    await lab.change({ 'two.test': ['127.0.9.2'], 'null.test': 'null-mx' })
    expect((await gateway.ask<Shown>('mx', 'two.test')).hop!.hosts).toHaveLength(2)
    expect(await gateway.ask('dns', 'flush', 'two.test')).toEqual({ name: 'two.test', flushed: 1 })
    expect((await gateway.ask<Shown>('mx', 'two.test')).hop!.hosts).toHaveLength(1)
    await gateway.logged('dns.flushed', ({ name, count }) => name === 'two.test' && count === 1)
    const flushed = await gateway.ask<{ flushed: number }>('dns', 'flush', '--all')
    expect(flushed.flushed).toBeGreaterThan(3)
    expect((await gateway.ask<CacheAnswer>('dns', 'cache')).entries).toEqual([])

    const nothing = await mailgw(['dns', 'flush', '--state-dir', gateway.stateDir])
    expect(nothing).toMatchObject({ code: 1, err: expect.stringContaining('name a domain, or give --all') })
    const wrong = await mailgw(['dns', 'cache', 'a..b', '--state-dir', gateway.stateDir])
    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('expected a domain') })
  })

  test('delivers on by what it knew while the name server is gone, and says so', async () => {
    const port = await freePort()
    const sinks = await startMxSinks(port, { '127.0.9.2': 'takes' })
    const records = '@ 1 IN MX 10 m\nm 1 IN A 127.0.9.2'
    const lab = await startMxLab({ 'short.test': { zone: records } })
    const gateway = await startGateway(
      site({
        port,
        mxPort: port,
        relaying: 'outbound',
        localMx: { '*': 'mx' },
        resolver: { servers: [lab.server], timeout: '1s', attempts: 1 },
        tlsPolicy: { mtaSts: 'off' },
        timeouts: { idle: '1s' },
      }),
    )
    const client = await openClient(port)
    await sendMessage(client, 'a@here.test', 'b@short.test')
    await until('it has the first', () => sinks.taken.get('127.0.9.2')?.length === 1)
    await lab.stop()
    await until('the connection has gone', async () => (await gateway.status()).connectionsOut === 0)
    await until('its time is over', async () =>
      (await gateway.ask<CacheAnswer>('dns', 'cache', 'short.test')).entries.every(
        ({ type, state }) => type === 'AAAA' || state === 'stale',
      ),
    )
    await sendMessage(client, 'a@here.test', 'b@short.test')
    await until('it has the second', () => sinks.taken.get('127.0.9.2')?.length === 2)
    const way = await gateway.ask<Shown>('mx', 'short.test')
    expect(way.hop).toMatchObject({ mx: { state: 'found', stale: true }, hosts: [{ stale: true }] })
    expect(way.steps[0]).toContain('RFC 8767')
    const { out } = await mailgw(['dns', 'cache', 'short.test', '--state-dir', gateway.stateDir])
    expect(out).toMatch(/^short\.test +MX +stale .*; refresh failed: /m)
    const status = await mailgw(['status', '--state-dir', gateway.stateDir])
    expect(status.out).toContain(`DNS       ${lab.server} was not heard`)
    // Who is not known from before waits.
    await sendMessage(client, 'a@here.test', 'b@other.test')
    await gateway.logged('lane.down', ({ nextHop }) => String(nextHop).startsWith('mx:other.test'))
  })
})
