import { describe, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import { freePort, peers } from '../support/peer.ts'
import { startRbldnsd } from '../support/rbldnsd.ts'
import { received, site } from './site.ts'
import { visit } from './visitor.ts'

const ip4 = (data: string) => `:127.0.0.2:Listed, see http://list.test/$\n127.0.0.2\n${data}`
const zones = [
  { zone: 'zen.test', set: 'ip4set' as const, data: ip4('198.51.100.0/24\n!198.51.100.10\n203.0.113.7') },
  { zone: 'zen.test', set: 'ip6trie' as const, data: ':127.0.0.4:v6 listed\n2001:db8:1::/48' },
  { zone: 'weak.test', set: 'ip4set' as const, data: ip4('203.0.113.0/24') },
  { zone: 'good.test', set: 'ip4set' as const, data: ip4('198.51.100.66') },
  { zone: 'sick.test', set: 'ip4set' as const, data: ':127.255.255.254:over the limit\n0.0.0.0/1\n128.0.0.0/1' },
  { zone: 'greedy.test', set: 'ip4set' as const, data: ':127.0.0.2:shut down\n0.0.0.0/1\n128.0.0.0/1' },
]

async function open(sections: object) {
  const rbl = await startRbldnsd(zones)
  const port = await freePort()
  const gateway = await startGateway(
    site({
      port: await freePort(),
      localMx: {},
      listeners: { mx: { kind: 'mx', bind: `127.0.0.1:${port}`, proxy: { from: ['127.0.0.1'] } } },
      trusted: ['10.0.0.0/8'],
      resolver: { servers: [`127.0.0.1:${rbl.port}`], timeout: '2s', attempts: 1 },
      ...sections,
    }),
  )
  return { gateway, from: (address: string) => visit(port, address) }
}

describe.skipIf(!peers('rbldnsd'))('with a real rbldnsd', () => {
  // MQ-33 MQ-34
  test('who is listed is refused at RCPT with the list’s reason, and may write to postmaster', async () => {
    const { gateway, from } = await open({ dnsbl: [{ id: 'zen', zone: 'zen.test', onError: 'defer' }] })
    const listed = await from('198.51.100.9')
    expect(await listed.mail('a@b.test', 'bob@here.test')).toBe(
      '554 5.7.1 client host is listed by zen.test: Listed, see http://list.test/198.51.100.9',
    )
    expect(await listed.mail('a@b.test', 'postmaster@here.test')).toMatch(/^250/)
    expect(await (await from('198.51.100.10')).mail('a@b.test', 'bob@here.test')).toMatch(/^250/)
    expect(await (await from('2001:db8:1::7')).mail('a@b.test', 'bob@here.test')).toMatch(
      /listed by zen\.test: v6 listed$/,
    )
    expect(await (await from('2001:db8:2::7')).mail('a@b.test', 'bob@here.test')).toMatch(/^250/)
    // The test entry, by which people try a list (RFC 5782 §5).
    expect(await (await from('127.0.0.2')).mail('a@b.test', 'bob@here.test')).toMatch(/^554 5\.7\.1 .*127\.0\.0\.2$/)
    expect(await gateway.logged('dnsbl.listed')).toMatchObject({ id: 'zen', client: '198.51.100.9' })
    expect((await gateway.status()).lists).toMatchObject([{ zone: 'zen.test', state: 'healthy' }])
  })

  test('private and trusted addresses are never asked about', async () => {
    const { gateway, from } = await open({
      trusted: ['198.51.100.0/24'],
      dnsbl: [{ id: 'zen', zone: 'zen.test', onError: 'defer' }],
    })
    for (const address of ['198.51.100.9', '192.168.1.1', 'fd00::1']) {
      expect(await (await from(address)).mail('a@b.test', 'bob@here.test')).toMatch(/^250/)
    }
    expect(gateway.log().filter(({ event }) => event.startsWith('dns'))).toMatchObject([{ event: 'dns.servers' }])
  })

  test('a list that answers 127.255.255.254, lists everybody, or does not answer has listed nobody', async () => {
    for (const zone of ['sick.test', 'greedy.test', 'unserved.test']) {
      const ignored = await open({ dnsbl: [{ id: 'one', zone, onError: 'ignore' }] })
      expect(await (await ignored.from('198.51.100.9')).mail('a@b.test', 'bob@here.test')).toMatch(/^250/)
      const deferred = await open({ dnsbl: [{ id: 'one', zone, onError: 'defer' }] })
      expect(await (await deferred.from('198.51.100.9')).mail('a@b.test', 'bob@here.test')).toMatch(/^451 4\.7\.1 /)
      expect(await deferred.gateway.logged('dnsbl.failed')).toMatchObject({ id: 'one', client: '198.51.100.9' })
      if (zone === 'greedy.test') {
        expect(await deferred.gateway.logged('dnsbl.unhealthy')).toMatchObject({ zone, state: 'greedy' })
        expect((await deferred.gateway.status()).lists).toMatchObject([{ zone, state: 'greedy' }])
      }
    }
  }, 30_000)

  test('weights add up, lists that let in come first, and each reply says why', async () => {
    const { from } = await open({
      dnsblThreshold: 5,
      dnsbl: [
        { id: 'good', kind: 'allow', zone: 'good.test', onError: 'ignore' },
        { id: 'weak', zone: 'weak.test', weight: 2, onError: 'ignore' },
        {
          id: 'zen',
          zone: 'zen.test',
          weight: 3,
          onError: 'ignore',
          onListed: { reject: { code: 550, text: '5.7.606 go away (${reason})' } },
        },
      ],
    })
    const answer = async (address: string) => (await from(address)).mail('a@b.test', 'bob@here.test')
    expect(await answer('203.0.113.7')).toBe('550 5.7.606 go away (Listed, see http://list.test/203.0.113.7)')
    expect(await answer('203.0.113.8')).toMatch(/^250/)
    expect(await answer('198.51.100.9')).toMatch(/^250/)
    expect(await answer('198.51.100.66')).toMatch(/^250/)
  })

  test('a mark goes on with the message, above our trace line; what only looks on is logged', async () => {
    const { gateway, from } = await open({
      dnsbl: [
        { id: 'zen', zone: 'zen.test', onError: 'ignore', onListed: { tag: 'zen' } },
        { id: 'weak', zone: 'weak.test', onError: 'ignore', mode: 'observe' },
      ],
    })
    const client = await from('203.0.113.7')
    const forged = 'X-Mailgw-Tag: forged\r\nSubject: x\r\n\r\nhello'
    expect(await client.send('a@b.test', 'bob@here.test', forged)).toMatch(/^250/)
    const [text] = await received(gateway.stateDir, 'bob@here.test')
    const header = text!.split('\n\n')[0]!
    expect(header.indexOf('X-Mailgw-Tag: zen\n')).toBeGreaterThan(0)
    expect(header.indexOf('X-Mailgw-Tag: zen\n')).toBeLessThan(header.indexOf('Received: '))
    expect(header.indexOf('X-Mailgw-Tag: forged')).toBeGreaterThan(header.indexOf('Received: '))
    expect(await gateway.logged('rule.observed')).toMatchObject({
      client: '203.0.113.7',
      stage: 'rcpt',
      code: 554,
      text: 'client host is listed by weak.test',
      at: expect.stringContaining('dnsbl[1]'),
    })
    expect(await gateway.logged('rule.tagged')).toMatchObject({ tag: 'zen', address: 'bob@here.test' })
    // Who is on no list goes on without a mark.
    expect(await (await from('198.51.100.10')).send('a@b.test', 'eve@here.test')).toMatch(/^250/)
    expect((await received(gateway.stateDir, 'eve@here.test'))[0]).not.toContain('X-Mailgw-Tag')
  })
})
