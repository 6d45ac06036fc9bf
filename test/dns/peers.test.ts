import { describe, expect, test } from 'vitest'
import { askDnsbl, type DnsblList } from '../../src/dns/dnsbl.ts'
import { checkDnsbl } from '../../src/dns/dnsbl-health.ts'
import { parseIp } from '../../src/mail/ip.ts'
import { startNsd } from '../support/nsd.ts'
import { freePort, peers } from '../support/peer.ts'
import { startRbldnsd } from '../support/rbldnsd.ts'
import { startUnbound } from '../support/unbound.ts'
import { d, resolverOf } from './lab.ts'

const zone = `
@ IN MX 10 mx1
@ IN MX 20 mx2
mx1 IN A 127.0.0.11
mx1 IN AAAA ::1
mx2 IN A 127.0.0.12
nullmx IN MX 0 .
c1 IN CNAME c2
c2 IN CNAME mx1
out IN CNAME mx1.other.test.
lost IN CNAME nowhere
loop1 IN CNAME loop2
loop2 IN CNAME loop1
long IN TXT "${'a'.repeat(200)}" "${'b'.repeat(200)}"
empty IN TXT ""
deep.er IN A 127.0.0.13
_25._tcp.mx1 IN TLSA 3 1 1 ${'ab'.repeat(32)}
${Array.from({ length: 60 }, (_, i) => `many IN MX ${i} host-with-a-long-name-${i}`).join('\n')}
`
const other = 'mx1 IN A 127.0.0.21'
const at = (port: number) => ({ servers: [{ host: '127.0.0.1', port }], timeoutMs: 5000, attempts: 2 })

const ways = ['NSD', 'Unbound before NSD'] as const
for (const way of ways) {
  describe.skipIf(!peers('nsd', 'unbound'))(way, () => {
    const lab = async () => {
      const nsd = await startNsd({ 'example.test': zone, 'other.test': other })
      if (way === 'NSD') return resolverOf(at(nsd.port))
      const unbound = await startUnbound({ 'example.test': nsd.port, 'other.test': nsd.port })
      return resolverOf(at(unbound.port))
    }

    test('records, aliases, absences and long answers are told apart', async () => {
      const resolver = await lab()
      expect(await resolver.mx(d('example.test'))).toMatchObject({
        kind: 'found',
        value: expect.arrayContaining([
          { preference: 10, exchange: 'mx1.example.test' },
          { preference: 20, exchange: 'mx2.example.test' },
        ]),
      })
      expect(await resolver.mx(d('nullmx.example.test'))).toMatchObject({ value: [{ preference: 0, exchange: '' }] })
      expect(await resolver.addresses('c1.example.test')).toMatchObject({ value: ['::1', '127.0.0.11'] })
      expect(await resolver.a('out.example.test')).toMatchObject({ value: ['127.0.0.21'] })
      expect(await resolver.a('lost.example.test')).toEqual({ kind: 'none', nxdomain: true })
      expect(await resolver.a('loop1.example.test')).toMatchObject({ kind: 'failed' })
      expect(await resolver.txt('long.example.test')).toMatchObject({ value: ['a'.repeat(200) + 'b'.repeat(200)] })
      expect(await resolver.txt('empty.example.test')).toMatchObject({ value: [''] })
      expect(await resolver.mx(d('mx1.example.test'))).toEqual({ kind: 'none', nxdomain: false })
      // An empty non-terminal exists (RFC 8020 §2).
      expect(await resolver.a('er.example.test')).toEqual({ kind: 'none', nxdomain: false })
      expect(await resolver.a('deep.er.example.test')).toMatchObject({ value: ['127.0.0.13'] })
      expect(await resolver.mx(d('none.example.test'))).toEqual({ kind: 'none', nxdomain: true })
      const many = await resolver.mx(d('many.example.test'))
      expect(many.kind === 'found' && many.value.length).toBe(60)
      expect(await resolver.tlsa('mx1.example.test', 25)).toMatchObject({
        value: { records: [{ usage: 3, selector: 1, matching: 1, data: Buffer.alloc(32, 0xab) }], secure: false },
      })
    })

    test('absences are kept for as long as the SOA says, and deny what is below', async () => {
      const resolver = await lab()
      await resolver.a('none.example.test')
      const kept = resolver.view(null).find(({ type, name }) => type === '*' && name === 'none.example.test')
      expect(kept).toMatchObject({ kind: 'nxdomain' })
      expect(kept!.expiresAt - kept!.storedAt).toBe(60_000)
      const { servers } = resolver.stats()
      expect(await resolver.mx(d('x.none.example.test'))).toEqual({ kind: 'none', nxdomain: true })
      expect(resolver.stats().servers[0]!.asked).toBe(servers[0]!.asked)
    })
  })
}

describe.skipIf(!peers('nsd'))('a server that comes and goes', () => {
  test('a zone that it does not have is REFUSED, which says nothing', async () => {
    const nsd = await startNsd({ 'example.test': zone })
    const answer = await resolverOf(at(nsd.port)).mx(d('elsewhere.test'))
    expect(answer).toEqual({ kind: 'failed', why: expect.stringContaining('REFUSED') })
  })

  test('a dead first server is passed over by two', async () => {
    const nsd = await startNsd({ 'example.test': zone })
    const servers = [
      { host: '127.0.0.1', port: await freePort() },
      { host: '127.0.0.1', port: nsd.port },
    ]
    const resolver = resolverOf({ servers, timeoutMs: 5000, attempts: 1 })
    expect(await resolver.a('mx1.example.test')).toMatchObject({ value: ['127.0.0.11'] })
  })

  test('a change of the zone is seen when the cache is flushed', async () => {
    const nsd = await startNsd({ 'example.test': zone })
    const resolver = resolverOf(at(nsd.port))
    expect(await resolver.a('mx1.example.test')).toMatchObject({ value: ['127.0.0.11'] })
    await nsd.change({ 'example.test': 'mx1 IN A 127.0.0.99' })
    expect(await resolver.a('mx1.example.test')).toMatchObject({ value: ['127.0.0.11'] })
    expect(resolver.flush('example.test')).toBe(1)
    expect(await resolver.a('mx1.example.test')).toMatchObject({ value: ['127.0.0.99'] })
  })
})

describe.skipIf(!peers('rbldnsd'))('rbldnsd', () => {
  const ip = (text: string) => {
    const address = parseIp(text)
    if (!address.ok) throw new Error(address.error)
    return address.value
  }

  test('lists of IPv4 and IPv6 addresses are asked as RFC 5782 says', async () => {
    const { port } = await startRbldnsd([
      { zone: 'zen.test', set: 'ip4set', data: ':127.0.0.2:Listed, see $\n127.0.0.2\n192.0.2.0/24\n!192.0.2.10' },
      { zone: 'six.test', set: 'ip6trie', data: ':127.0.0.4:IPv6 listed\n2001:db8:1::/48' },
    ])
    const resolver = resolverOf(at(port))
    const all = ['127.0.0.0/8']
    const zen: DnsblList = { zone: 'zen.test', codes: all }
    const six: DnsblList = { zone: 'six.test', codes: all }
    const ask = async (list: DnsblList, client: string) => await askDnsbl(resolver, list, ip(client))
    expect(await ask(zen, '192.0.2.9')).toEqual({ outcome: 'listed', reason: 'Listed, see 192.0.2.9' })
    expect(await ask(zen, '192.0.2.10')).toEqual({ outcome: 'clear', reason: null })
    expect(await ask(zen, '198.51.100.1')).toEqual({ outcome: 'clear', reason: null })
    expect(await ask({ ...zen, codes: ['127.0.0.3/32'] }, '192.0.2.9')).toEqual({ outcome: 'clear', reason: null })
    expect(await ask(six, '2001:db8:1::25')).toEqual({ outcome: 'listed', reason: 'IPv6 listed' })
    expect(await ask(six, '2001:db8:2::25')).toEqual({ outcome: 'clear', reason: null })
    expect(await ask({ zone: 'gone.test', codes: all }, '192.0.2.9')).toMatchObject({ outcome: 'error' })
    expect(await checkDnsbl(resolver, zen)).toMatchObject({ state: 'healthy' })
    expect(await checkDnsbl(resolver, six)).toMatchObject({ state: 'silent' })
  })
})
