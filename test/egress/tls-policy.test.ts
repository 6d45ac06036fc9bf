import { describe, expect, test } from 'vitest'
import { peers } from '../support/peer.ts'
import type { PolicyAnswer } from '../support/policy-server.ts'
import { signedDnsPeers } from '../support/signed-dns.ts'
import { type Situation, tlsLab } from './tls-lab.ts'

const ready = peers('openssl', ...signedDnsPeers)

/** Situations with what is wanted of each, as one table. */
async function compare(table: Readonly<Record<string, readonly [Situation, string]>>, options = {}) {
  const situations = Object.fromEntries(Object.entries(table).map(([name, [situation]]) => [name, situation]))
  const wanted = Object.fromEntries(Object.entries(table).map(([name, [, want]]) => [name, want]))
  const lab = await tlsLab(situations, options)
  expect(lab.outcomes).toEqual(wanted)
  return lab
}

const selfSigned = { selfSigned: true } as const
const policy = (mode: string, mx = '*.d0.test', maxAge = 86_400): PolicyAnswer => ({
  kind: 'policy',
  lines: ['version: STSv1', `mode: ${mode}`, `mx: ${mx}`, `max_age: ${maxAge}`],
})
/** Of the domain that stands at this place in its table. */
const sts = (mode: string, place: number): { readonly sts: PolicyAnswer } => ({
  sts: policy(mode, `mx.d${place}.test`),
})

// D4 DANE
describe.skipIf(!ready)('DANE towards MX hosts (RFC 7672), with signed zones behind a validating resolver', () => {
  test('no attack between us and the host is a way around the records', async () => {
    const { log } = await compare({
      'the very certificate, signed by nobody we know': [
        { certificate: selfSigned, records: ({ tlsa }) => tlsa('3 1 1') },
        'delivered by dane over TLS',
      ],
      'the whole certificate, for another name and expired': [
        {
          certificate: { ...selfSigned, names: ['other.test'], days: '-1' },
          records: ({ tlsa }) => tlsa('3 0 2'),
        },
        'delivered by dane over TLS',
      ],
      'another certificate': [
        { records: ({ port }) => `_${port}._tcp.mx IN TLSA 3 1 1 ${'ab'.repeat(32)}` },
        'waits 4.7.5 !validation-failure',
      ],
      'STARTTLS taken out of the answer to EHLO': [
        { starttls: 'stripped', records: ({ tlsa }) => tlsa('3 1 1') },
        'waits 4.7.4 !starttls-not-supported',
      ],
      'STARTTLS refused': [
        { starttls: 'refused', records: ({ tlsa }) => tlsa('3 1 1') },
        'waits 4.7.0 !starttls-not-supported',
      ],
      'the handshake cut': [
        { starttls: 'broken', records: ({ tlsa }) => tlsa('3 1 1') },
        'waits 4.7.5 !validation-failure',
      ],
      'records that mean nothing: encrypted, to whoever answers': [
        { certificate: selfSigned, records: ({ tlsa }) => tlsa('1 1 1') },
        'delivered by dane over TLS !tlsa-invalid',
      ],
      'records that mean nothing, and STARTTLS taken out': [
        { starttls: 'stripped', records: ({ tlsa }) => tlsa('0 0 1') },
        'waits 4.7.4 !starttls-not-supported',
      ],
      'records that were changed after they were signed': [
        {
          records: ({ port }) => `_${port}._tcp.mx IN TLSA 3 1 1 ${'ab'.repeat(32)}`,
          tampered: ['ab'.repeat(32), 'cd'.repeat(32)],
        },
        'waits 4.7.5 !dnssec-invalid',
      ],
      'no records in a signed zone': [{ certificate: selfSigned }, 'delivered by opportunistic over TLS'],
      'records in a zone that is not signed prove nothing': [
        { unsigned: true, records: ({ port }) => `_${port}._tcp.mx IN TLSA 3 1 1 ${'ab'.repeat(32)}` },
        'delivered by opportunistic over TLS',
      ],
      'the host is an alias: the records at its end': [
        {
          certificate: selfSigned,
          host: 'mx IN CNAME real\nreal IN A 127.0.0.1',
          records: ({ tlsa }) => tlsa('3 1 1').replace('._tcp.mx', '._tcp.real'),
        },
        'delivered by dane over TLS',
      ],
      'the host is an alias: the records at its own name': [
        {
          certificate: selfSigned,
          host: 'mx IN CNAME real\nreal IN A 127.0.0.1',
          records: ({ port }) => `_${port}._tcp.mx IN TLSA 3 1 1 ${'ab'.repeat(32)}`,
        },
        'waits 4.7.5 !validation-failure',
      ],
      'level verify of the route goes before: PKIX, and the records do not help': [
        { certificate: selfSigned, level: 'verify', records: ({ tlsa }) => tlsa('3 1 1') },
        'waits 4.7.5',
      ],
      'level encrypt of the route is a floor that records raise': [
        { level: 'encrypt', records: ({ port }) => `_${port}._tcp.mx IN TLSA 3 1 1 ${'ab'.repeat(32)}` },
        'waits 4.7.5 !validation-failure',
      ],
      'TLS-Required: No: records do not count': [
        { need: 'optional', records: ({ port }) => `_${port}._tcp.mx IN TLSA 3 1 1 ${'ab'.repeat(32)}` },
        'delivered by tls-required-no over TLS',
      ],
      'TLS-Required: No does not go below the route': [
        { need: 'optional', level: 'encrypt', starttls: 'stripped' },
        'waits 4.7.4',
      ],
      'a smart host by name has its records too': [
        { smartHost: true, records: ({ port }) => `_${port}._tcp.mx IN TLSA 3 1 1 ${'ab'.repeat(32)}` },
        'waits 4.7.5 !validation-failure',
      ],
    })
    const [first] = log.filter(({ event }) => event === 'connection.opened')
    expect(first?.fields).toMatchObject({ policy: 'dane', why: expect.stringMatching(/^TLSA records of _\d+\._tcp/) })
  })

  test('AD of a resolver that is not trusted is nothing, and neither are records when the document says so', async () => {
    const wrong: Situation = { records: ({ port }) => `_${port}._tcp.mx IN TLSA 3 1 1 ${'ab'.repeat(32)}` }
    const table = { wrong: [wrong, 'delivered by opportunistic over TLS'] } as const
    await compare(table, { resolver: { trustAd: false } })
    await compare(table, { dane: false })
  })
})

// D4 MTA-STS
describe.skipIf(!ready)('MTA-STS (RFC 8461)', () => {
  test('an enforced policy keeps mail from every host but those that it names, with certificates that hold', async () => {
    const names = (place: number) => ({ names: [`mx.d${place}.test`] })
    await compare({
      'all is well': [{ unsigned: true, ...sts('enforce', 0) }, 'delivered by mta-sts over TLS'],
      'a certificate for another name': [
        { unsigned: true, ...sts('enforce', 1), certificate: { names: ['other.test'] } },
        'waits 4.7.5 !certificate-host-mismatch',
      ],
      'a certificate that has expired': [
        { unsigned: true, ...sts('enforce', 2), certificate: { ...names(2), days: '-1' } },
        'waits 4.7.5 !certificate-expired',
      ],
      'a certificate of an authority that nobody trusts': [
        { unsigned: true, ...sts('enforce', 3), certificate: selfSigned },
        'waits 4.7.5 !certificate-not-trusted',
      ],
      'STARTTLS taken out': [
        { unsigned: true, ...sts('enforce', 4), starttls: 'stripped' },
        'waits 4.7.4 !starttls-not-supported',
      ],
      'the handshake cut': [
        { unsigned: true, ...sts('enforce', 5), starttls: 'broken' },
        'waits 4.7.5 !validation-failure',
      ],
      'an MX that the policy does not name': [
        { unsigned: true, sts: policy('enforce', 'mx.elsewhere.test') },
        'waits 4.7.1 !validation-failure',
      ],
      'testing: an MX that is not named is only told': [
        { unsigned: true, sts: policy('testing', 'mx.elsewhere.test') },
        'delivered by opportunistic over TLS !validation-failure',
      ],
      'testing: a wrong certificate is only told': [
        { unsigned: true, ...sts('testing', 8), certificate: selfSigned },
        'delivered by opportunistic over TLS !certificate-not-trusted',
      ],
      'testing: clear text is only told': [
        { unsigned: true, ...sts('testing', 9), starttls: 'stripped' },
        'delivered by opportunistic in clear !starttls-not-supported',
      ],
      'mode none': [
        { unsigned: true, ...sts('none', 10), certificate: selfSigned },
        'delivered by opportunistic over TLS',
      ],
      'a policy that cannot be fetched is none, and told': [
        { unsigned: true, sts: { kind: 'status', status: 302, location: 'https://mta-sts.d0.test/' } },
        'delivered by opportunistic over TLS !sts-policy-fetch-error',
      ],
      'a policy that is none, and told': [
        { unsigned: true, sts: { kind: 'policy', lines: ['<html>'] } },
        'delivered by opportunistic over TLS !sts-policy-invalid',
      ],
      'a smart host: its own name is the policy domain': [
        { unsigned: true, smartHost: true, sts: policy('enforce', 'mx.d13.test'), certificate: selfSigned },
        'waits 4.7.5 !certificate-not-trusted',
      ],
      'a smart host whose certificate holds': [
        { unsigned: true, smartHost: true, sts: policy('enforce', 'mx.d14.test') },
        'delivered by mta-sts over TLS',
      ],
      'DANE wins: a certificate that only the records vouch for': [
        { ...sts('enforce', 15), certificate: selfSigned, records: ({ tlsa }) => tlsa('3 1 1') },
        'delivered by dane over TLS',
      ],
      'DANE wins: a certificate that the records do not name': [
        { ...sts('enforce', 16), records: ({ port }) => `_${port}._tcp.mx IN TLSA 3 1 1 ${'ab'.repeat(32)}` },
        'waits 4.7.5 !validation-failure',
      ],
      'records that mean nothing leave the policy in force': [
        { ...sts('enforce', 17), certificate: selfSigned, records: ({ tlsa }) => tlsa('1 1 1') },
        'waits 4.7.5 !certificate-not-trusted',
      ],
      'TLS-Required: No: the policy does not count': [
        { unsigned: true, ...sts('enforce', 18), need: 'optional', starttls: 'stripped' },
        'delivered by tls-required-no in clear',
      ],
      'level off of the route: nobody is asked': [
        { unsigned: true, ...sts('enforce', 19), level: 'off' },
        'delivered by route in clear',
      ],
    })
  })

  test('is not asked where the document says so', async () => {
    await compare(
      {
        wrong: [
          { unsigned: true, ...sts('enforce', 0), starttls: 'stripped' },
          'delivered by opportunistic in clear !starttls-not-supported',
        ],
      },
      { mtaSts: false },
    )
  })
})

test.skipIf(!ready)('what the document excepts goes by its route alone, and nothing else does', async () => {
  const wrong: Situation = { records: ({ port }) => `_${port}._tcp.mx IN TLSA 3 1 1 ${'ab'.repeat(32)}` }
  await compare(
    {
      'a domain': [wrong, 'delivered by opportunistic over TLS'],
      'a smart host by its name': [{ ...wrong, smartHost: true }, 'delivered by opportunistic over TLS'],
      'another domain': [wrong, 'waits 4.7.5 !validation-failure'],
      'its level of the route holds': [{ ...wrong, level: 'encrypt', starttls: 'stripped' }, 'waits 4.7.4'],
    },
    { except: ['d0.test', '*.d1.test', 'd3.test'] },
  )
})

// D2 REQUIRETLS
describe.skipIf(!ready)('REQUIRETLS (RFC 8689 §4.2.1)', () => {
  test('mail goes only to hosts that are sure, verified, and that promise the same', async () => {
    const need = 'required' as const
    const offers = ['REQUIRETLS']
    await compare({
      'signed MX, a certificate that holds, and the promise': [{ need, offers }, 'delivered by requiretls over TLS'],
      'DANE in place of an authority': [
        { need, offers, certificate: selfSigned, records: ({ tlsa }) => tlsa('3 1 1') },
        'delivered by requiretls over TLS',
      ],
      'an MX that MTA-STS names': [
        { need, offers, unsigned: true, ...sts('enforce', 2) },
        'delivered by requiretls over TLS',
      ],
      'no promise': [{ need }, 'fails 5.7.30'],
      'an MX that anybody may have written': [{ need, offers, unsigned: true }, 'fails 5.7.10'],
      'a certificate that nobody trusts': [
        { need, offers, certificate: selfSigned },
        'fails 5.7.10 !certificate-not-trusted',
      ],
      'STARTTLS taken out': [{ need, offers, starttls: 'stripped' }, 'fails 5.7.10 !starttls-not-supported'],
      'a route that says off': [{ need, offers, level: 'off' }, 'fails 5.7.10'],
      'a smart host that the document names': [
        { need, offers, unsigned: true, smartHost: true },
        'delivered by requiretls over TLS',
      ],
      'a smart host without the promise': [{ need, unsigned: true, smartHost: true }, 'fails 5.7.30'],
    })
  })
})
