// EX-44, D4 DANE: what a validating server says of signed zones, and what is made of it.
import { describe, expect, test } from 'vitest'
import { peers } from '../support/peer.ts'
import { signedDnsPeers, startSignedDns } from '../support/signed-dns.ts'
import { d, resolverOf } from './lab.ts'

const at = (port: number | string) => ({
  servers: [{ host: '127.0.0.1', port: Number(port) }],
  timeoutMs: 5000,
  attempts: 1,
})

const tlsa = `3 1 1 ${'ab'.repeat(32)}`
const zones = {
  'signed.test': {
    records: [
      '@ IN MX 10 mx',
      'mx IN A 127.0.0.11',
      'mx IN AAAA ::1',
      `_25._tcp.mx IN TLSA ${tlsa}`,
      'inside IN CNAME mx',
      'out IN CNAME mx.plain.test.',
    ].join('\n'),
  },
  'plain.test': {
    records: `@ IN MX 10 mx\nmx IN A 127.0.0.12\n_25._tcp.mx IN TLSA ${tlsa}\nin IN CNAME mx.signed.test.`,
    unsigned: true as const,
  },
  'broken.test': { records: '@ IN MX 10 mx\nmx IN A 127.0.0.13', tampered: ['127.0.0.13', '127.0.0.66'] as const },
}

describe.skipIf(!peers(...signedDnsPeers))('signed zones by a validating resolver', () => {
  test('answers, absences and whole chains of aliases are secure, or they are not', async () => {
    const dns = await startSignedDns(zones)
    const resolver = resolverOf(at(dns.port))
    expect(await resolver.mx(d('signed.test'))).toMatchObject({ kind: 'found', secure: true })
    expect(await resolver.addresses('mx.signed.test')).toMatchObject({ value: ['::1', '127.0.0.11'], secure: true })
    expect(await resolver.tlsa('mx.signed.test', 25)).toMatchObject({ value: { secure: true }, secure: true })
    expect(await resolver.tlsa('mx.signed.test', 26)).toEqual({ kind: 'none', nxdomain: true, secure: true })
    expect(await resolver.mx(d('mx.signed.test'))).toEqual({ kind: 'none', nxdomain: false, secure: true })
    const inside = await resolver.addresses('inside.signed.test')
    expect(inside).toMatchObject({ kind: 'found', secure: true, canonical: 'mx.signed.test' })

    const plain = await resolver.tlsa('mx.plain.test', 25)
    expect(plain).toMatchObject({ value: { secure: false } })
    // Both ways: what is signed may be reached by an alias that anybody could have written.
    for (const name of ['mx.plain.test', 'out.signed.test', 'in.plain.test']) {
      const answer = await resolver.a(name)
      expect(answer).toMatchObject({ kind: 'found' })
      expect(answer).not.toHaveProperty('secure')
    }
    expect(await resolver.mx(d('none.plain.test'))).toEqual({ kind: 'none', nxdomain: true })
  })

  test('records that were changed on the way are no records, and nobody concludes anything from them', async () => {
    const dns = await startSignedDns(zones)
    const resolver = resolverOf(at(dns.port))
    expect(await resolver.a('mx.broken.test')).toMatchObject({
      kind: 'failed',
      why: expect.stringContaining('SERVFAIL'),
    })
    expect(await resolver.mx(d('broken.test'))).toMatchObject({ kind: 'found', secure: true })
  })

  test('a server that validates nothing makes nothing secure, and neither does one that is not trusted', async () => {
    const dns = await startSignedDns(zones)
    const port = dns.authoritative.split(':')[1]!
    expect(await resolverOf(at(port)).tlsa('mx.signed.test', 25)).toMatchObject({ value: { secure: false } })
    const distrusted = await resolverOf({ ...at(dns.port), trustAd: false }).tlsa('mx.signed.test', 25)
    expect(distrusted).toMatchObject({ value: { secure: false } })
    expect(distrusted).not.toHaveProperty('secure')
  })
})
