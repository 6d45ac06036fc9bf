// MQ-39: `mailgw dns plan`, against signed zones behind a validating resolver.
import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { DnsPlan } from '../../src/cli/dns/dns-plan.ts'
import { authority } from '../support/certificates.ts'
import { peers, tempFolder } from '../support/peer.ts'
import { signedDnsPeers, startSignedDns } from '../support/signed-dns.ts'
import { runHere } from './run-here.ts'

const folder = () => {
  const here = tempFolder()
  const certificate = authority(here, 'lab').sign('mx', '/CN=mx', '2', ['mx.ours.test'])
  const key = new X509Certificate(readFileSync(certificate.cert)).publicKey.export({ type: 'spki', format: 'der' })
  return { here, certificate, tlsa: `3 1 1 ${createHash('sha256').update(key).digest('hex')}` }
}

function documentFile(here: string, server: string, more: object): string {
  const file = join(here, 'mailgw.config.json')
  const document = {
    hostname: 'mx.ours.test',
    postmaster: 'postmaster@ours.test',
    listeners: { mx: { kind: 'mx', bind: '45.0.0.25:25', tls: 'offered' } },
    domains: { 'ours.test': 'local', 'new.test': 'local', '*.pattern.test': 'local' },
    localMx: { '*': 'mx' },
    resolver: { servers: [server], timeout: '5s', attempts: 1 },
    ...more,
  }
  writeFileSync(file, JSON.stringify(document))
  return file
}

describe.skipIf(!peers(...signedDnsPeers, 'openssl'))('mailgw dns plan', () => {
  test('says of each record what is published, and what has to change', async () => {
    const { here, certificate, tlsa } = folder()
    const stale = `3 1 1 ${'ab'.repeat(32)}`
    const dns = await startSignedDns({
      'ours.test': {
        records: [
          '@ IN MX 10 mx',
          '@ IN TXT "v=spf1 ip4:198.51.100.0/24 -all"',
          'mx IN A 45.0.0.25',
          `_25._tcp.mx IN TLSA ${stale}`,
          '_dmarc IN TXT "v=DMARC1; p=reject"',
          '_smtp._tls IN TXT "v=TLSRPTv1; rua=mailto:tls@ours.test"',
        ].join('\n'),
      },
      'new.test': { records: '@ IN TXT "hello"', unsigned: true },
      '0.0.45.in-addr.arpa': { records: '25 IN PTR static-25.new.test.', unsigned: true },
    })
    const certificates = { main: { cert: certificate.cert, key: certificate.key } }
    const file = documentFile(here, dns.server, { certificates })
    const { code, out, err } = await runHere(['dns', 'plan', '--config', file, '--json'])
    if (out === '') throw new Error(err)
    const plan = JSON.parse(out) as DnsPlan
    const of = (name: string, type: string) =>
      plan.records
        .filter((one) => one.name === name && one.type === type)
        .map(({ state, wanted }) => [state, ...wanted])
    expect(of('ours.test', 'MX')).toEqual([['published', '10 mx.ours.test.']])
    expect(of('new.test', 'MX')).toEqual([['add', '10 mx.ours.test.']])
    expect(of('ours.test', 'TXT')).toEqual([['change', 'v=spf1 ip4:45.0.0.25 ip4:198.51.100.0/24 -all']])
    expect(of('new.test', 'TXT')).toEqual([['add', 'v=spf1 ip4:45.0.0.25 -all']])
    expect(of('_dmarc.ours.test', 'TXT')).toEqual([['published', 'v=DMARC1; p=reject']])
    expect(of('_dmarc.new.test', 'TXT')).toEqual([['suggest', 'v=DMARC1; p=none; rua=mailto:postmaster@ours.test']])
    expect(of('_smtp._tls.ours.test', 'TXT')[0]![0]).toBe('published')
    expect(of('_smtp._tls.new.test', 'TXT')).toEqual([['suggest', 'v=TLSRPTv1; rua=mailto:postmaster@ours.test']])
    expect(of('mx.ours.test', 'A')).toEqual([['published', '45.0.0.25']])
    // In a signed zone a TLSA of another key keeps mail away.
    expect(of('_25._tcp.mx.ours.test', 'TLSA')).toEqual([['change', tlsa]])
    expect(of('25.0.0.45.in-addr.arpa', 'PTR')).toEqual([['ask', 'mx.ours.test.']])
    expect(of('_mta-sts.new.test', 'TXT')).toEqual([['suggest', expect.stringMatching(/^v=STSv1; id=[0-9a-f]{20}$/)]])
    expect(plan.files.find(({ url }) => url.includes('new.test'))).toMatchObject({
      url: 'https://mta-sts.new.test/.well-known/mta-sts.txt',
      text: 'version: STSv1\r\nmode: testing\r\nmx: mx.ours.test\r\nmax_age: 604800\r\n',
    })
    expect(plan.records.some(({ name }) => name.includes('pattern'))).toBe(false)
    expect(code).toBe(2)

    const check = await runHere(['check', '--dns', '--config', file])
    expect(check.out).toMatch(/^problem +tlsa _25\._tcp\.mx\.ours\.test: wanted 3 1 1 /m)

    // What a plan says is published as it says, and then the next plan has nothing to do.
    const zone = (await runHere(['dns', 'plan', '--config', file, '--zone'])).out
    const due = zone.split('\n').filter((line) => line !== '' && !line.startsWith(';'))
    expect(due).toEqual([
      'ours.test. IN TXT "v=spf1 ip4:45.0.0.25 ip4:198.51.100.0/24 -all"',
      'new.test. IN MX 10 mx.ours.test.',
      'new.test. IN TXT "v=spf1 ip4:45.0.0.25 -all"',
      `_25._tcp.mx.ours.test. IN TLSA ${tlsa}`,
    ])
    expect(zone).toContain('; 25.0.0.45.in-addr.arpa. IN PTR mx.ours.test.\n')
    const inside = (name: string) => due.filter((line) => line.split(' ')[0]!.endsWith(name)).join('\n')
    await dns.change({
      'ours.test': { records: `@ IN MX 10 mx\nmx IN A 45.0.0.25\n${inside('ours.test.')}` },
      'new.test': { records: inside('new.test.'), unsigned: true },
      '0.0.45.in-addr.arpa': { records: '25 IN PTR mx.ours.test.', unsigned: true },
    })
    const after = await runHere(['dns', 'plan', '--config', file])
    expect(after.out).not.toMatch(/^(?:add|change|ask)/m)
    expect(after.code).toBe(0)
    const again = await runHere(['check', '--dns', '--config', file])
    expect(again.out).toMatch(/^ok +tlsa _25\._tcp\.mx\.ours\.test: /m)
    expect(again.code).toBe(0)
  })

  test('where nobody answers nothing is planned, and without TLS no promise of it', async () => {
    const { here } = folder()
    const dns = await startSignedDns({ 'ours.test': { records: '@ IN MX 10 mx\nmx IN A 45.0.0.25', unsigned: true } })
    const listeners = { mx: { kind: 'mx', bind: '45.0.0.25:25' } }
    const { out, code } = await runHere([
      'dns',
      'plan',
      '--config',
      documentFile(here, dns.server, { listeners }),
      '--json',
    ])
    const plan = JSON.parse(out) as DnsPlan
    expect(plan.files).toEqual([])
    expect(plan.records.some(({ type, name }) => type === 'TLSA' || name === '_mta-sts.ours.test')).toBe(false)
    expect(code).toBe(2)
    const silent = await runHere([
      'dns',
      'plan',
      '--config',
      documentFile(here, '127.0.0.1:1', { listeners }),
      '--json',
    ])
    expect(new Set((JSON.parse(silent.out) as DnsPlan).records.map(({ state }) => state))).toEqual(
      new Set(['cannot tell']),
    )
    expect(silent.code).toBe(0)
  })
})
