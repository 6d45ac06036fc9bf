// MQ-39
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Finding } from '../../src/cli/check-dns/finding.ts'
import { authority } from '../support/certificates.ts'
import { startNsd } from '../support/nsd.ts'
import { freePort, peers, tempFolder } from '../support/peer.ts'
import { startPolicyServer } from '../support/policy-server.ts'
import { runHere } from './run-here.ts'

type Site = {
  readonly hostname?: string
  readonly listeners?: Record<string, unknown>
  readonly domains?: readonly string[]
  readonly lists?: readonly string[]
  readonly more?: Record<string, unknown>
}

/** The file of a document that asks a name server on this port. */
function documentFile(
  port: number,
  { hostname = 'mx.ours.test', listeners, domains = [], lists = [], more }: Site,
): string {
  const file = join(tempFolder(), 'mailgw.config.json')
  const document = {
    hostname,
    postmaster: 'postmaster@ours.test',
    listeners: listeners ?? { mx: { kind: 'mx', bind: '192.0.2.25:25' } },
    domains: Object.fromEntries(['ours.test', ...domains].map((domain) => [domain, 'local'])),
    localMx: { '*': 'mx' },
    dnsbl: lists.map((zone) => ({ id: zone.split('.')[0], zone, onError: 'ignore' })),
    resolver: { servers: [`127.0.0.1:${port}`], timeout: '1s', attempts: 1 },
    ...more,
  }
  writeFileSync(file, JSON.stringify(document))
  return file
}

type Report = { ok: boolean; dns: { findings: Finding[]; assumed: string[] } }

async function checked(
  port: number,
  site: Site,
): Promise<Report & { code: number; about: (name: string) => string[] }> {
  const { code, out, err } = await runHere(['check', '--dns', '--json', '--config', documentFile(port, site)])
  const report = JSON.parse(out) as Report
  if (report.dns === undefined) throw new Error(`${out}${err}`)
  const about = (name: string) =>
    report.dns.findings.filter(({ of }) => of === name).map(({ check, level, came }) => `${check} ${level}: ${came}`)
  return { ...report, code, about }
}

const goodZone = `
@ IN MX 10 mx
@ IN TXT "v=spf1 mx -all"
mx IN A 192.0.2.25`
const goodReverse = '25 IN PTR mx.ours.test.'
const good = { 'ours.test': goodZone, '2.0.192.in-addr.arpa': goodReverse }

describe.skipIf(!peers('nsd'))('mailgw check --dns', () => {
  test('all is well where the names, the MX, SPF and the lists are as the document has them', async () => {
    const list = '2.0.0.127 IN A 127.0.0.2'
    const nsd = await startNsd({ ...good, 'list.test': list })
    const { code, out } = await runHere(['check', '--dns', '-c', documentFile(nsd.port, { lists: ['list.test'] })])
    expect(out.split('\n').slice(3)).toEqual([
      'ok           host mx.ours.test: wanted a name with 192.0.2.25; came 192.0.2.25',
      'ok           reverse 192.0.2.25: wanted a name that leads back to the address; came mx.ours.test',
      'ok           greeting mx.ours.test at 192.0.2.25: wanted the name of the address, mx.ours.test; came mx.ours.test',
      'ok           mx ours.test: wanted an MX that is one of our names or leads to one of our addresses; came 10 mx.ours.test (ours)',
      'ok           spf ours.test: wanted an SPF record with 192.0.2.25; came pass for 192.0.2.25 (mx of ours.test)',
      'ok           dnsbl list.test: wanted a list with 127.0.0.2 and without 127.0.0.1; came list.test lists 127.0.0.2 and not 127.0.0.1',
      'assumed: mail goes out from the public addresses that the gateway listens on (192.0.2.25); where a relay sends it on, the addresses of the relay have to be in SPF too',
      'DNS: 6 ok',
      '',
    ])
    expect(code).toBe(0)
  })

  test('an address has to have a name, and the name the address', async () => {
    const nsd = await startNsd({
      'ours.test': `${goodZone}\nother IN A 192.0.2.99\nalias IN A 192.0.2.27\n`,
      '2.0.192.in-addr.arpa': '26 IN PTR other.ours.test.\n27 IN PTR alias.ours.test.\n28 IN PTR a\\032b.ours.test.',
    })
    const bind = [25, 26, 27, 28].map((last) => `192.0.2.${last}:25`)
    const { about, code } = await checked(nsd.port, { listeners: { mx: { kind: 'mx', bind } } })
    expect(code).toBe(1)
    expect(about('192.0.2.25')).toEqual(['reverse problem: no name'])
    expect(about('192.0.2.26')).toEqual(['reverse problem: other.ours.test (192.0.2.99)'])
    expect(about('192.0.2.27')).toEqual(['reverse ok: alias.ours.test'])
    expect(about('mx.ours.test at 192.0.2.27')).toEqual(['greeting warning: alias.ours.test'])
    expect(about('192.0.2.28')[0]).toMatch(/^reverse problem: .*which is no name of a host$/)
  })

  test('each listener greets with its own name, and each address is looked at', async () => {
    const nsd = await startNsd({
      'ours.test': `${goodZone}\nmx IN AAAA 2001:db8::25\nin IN A 192.0.2.26\n`,
      '2.0.192.in-addr.arpa': `${goodReverse}\n26 IN PTR in.ours.test.\n`,
      '8.b.d.0.1.0.0.2.ip6.arpa': `5.2.${'0.'.repeat(22)} IN PTR mx.ours.test.`.replace('. IN', ' IN'),
    })
    const listeners = {
      mx: { kind: 'mx', bind: ['192.0.2.25:25', '[2001:db8::25]:25'] },
      other: { kind: 'mx', bind: '192.0.2.26:25', hostname: 'in.ours.test' },
    }
    const { about, code } = await checked(nsd.port, { listeners })
    expect(about('mx.ours.test at 192.0.2.25')).toEqual(['greeting ok: mx.ours.test'])
    expect(about('mx.ours.test at 2001:db8::25')).toEqual(['greeting ok: mx.ours.test'])
    expect(about('in.ours.test at 192.0.2.26')).toEqual(['greeting ok: in.ours.test'])
    // `mx` of the record is not the second listener.
    expect(about('ours.test')[1]).toMatch(/^spf problem: .*fail for 192\.0\.2\.26 \(-all of ours\.test\)$/)
    expect(code).toBe(1)
  })

  test('the names of greeting and EHLO have to lead to where they are said', async () => {
    const nsd = await startNsd({ ...good, 'ours.test': `${goodZone}\nelse IN A 198.51.100.1\nin IN A 10.0.0.1\n` })
    const host = async (hostname: string, more: Partial<Site> = {}) =>
      (await checked(nsd.port, { hostname, ...more })).about(hostname)[0]
    expect(await host('gone.ours.test')).toBe('host problem: no address')
    expect(await host('else.ours.test')).toBe('host warning: 198.51.100.1')
    const every = { listeners: { mx: { kind: 'mx', bind: '0.0.0.0:25' } } }
    expect(await host('in.ours.test', every)).toBe('host problem: 10.0.0.1')
    // The listener has a name of its own; the document's is said in EHLO.
    const named = { listeners: { mx: { kind: 'mx', bind: '192.0.2.25:25', hostname: 'mx.ours.test' } } }
    expect(await host('else.ours.test', named)).toBe('host warning: 198.51.100.1')
    expect(await host('gone.ours.test', named)).toBe('host problem: no address')
  })

  test('mail that goes elsewhere is a warning, and no way at all is a problem', async () => {
    const spf = '@ IN TXT "v=spf1 ip4:192.0.2.25 -all"\n'
    const nsd = await startNsd({
      ...good,
      'else.test': `${spf}@ IN MX 10 mx\nmx IN A 198.51.100.1`,
      'backup.test': `${spf}@ IN MX 20 mx.ours.test.\n@ IN MX 10 mx\nmx IN A 198.51.100.1`,
      'byaddress.test': `${spf}@ IN MX 10 mail\nmail IN A 192.0.2.25`,
      'null.test': `${spf}@ IN MX 0 .`,
      'none.test': spf,
      'own.test': `${spf}@ IN A 192.0.2.25`,
      'web.test': `${spf}@ IN A 198.51.100.1`,
      'dead.test': `${spf}@ IN MX 10 gone`,
      'number.test': `${spf}@ IN MX 10 192.0.2.25.`,
    })
    const names = ['else', 'backup', 'byaddress', 'null', 'none', 'own', 'web', 'dead', 'number']
    const { about, code } = await checked(nsd.port, { domains: names.map((name) => `${name}.test`) })
    const mx = Object.fromEntries(names.map((name) => [name, about(`${name}.test`)[0]]))
    expect(mx).toEqual({
      else: 'mx warning: 10 mx.else.test (not ours)',
      backup: 'mx ok: 10 mx.backup.test (not ours), 20 mx.ours.test (ours)',
      byaddress: 'mx ok: 10 mail.byaddress.test (ours)',
      null: 'mx problem: a null MX: the domain says that it takes no mail',
      none: 'mx problem: neither MX nor address',
      own: 'mx ok: no MX, and the domain itself has 192.0.2.25 (ours)',
      web: 'mx warning: no MX, and the domain itself has 198.51.100.1 (not ours)',
      dead: 'mx problem: 10 gone.dead.test (no address)',
      number: 'mx problem: 10 192.0.2.25 (no name of a host)',
    })
    expect(code).toBe(1)
  })

  test('warnings alone are no failure', async () => {
    const nsd = await startNsd({
      ...good,
      'else.test': '@ IN MX 10 mx\nmx IN A 198.51.100.1\n@ IN TXT "v=spf1 ip4:198.51.100.1 ~all"',
    })
    const { about, code, ok } = await checked(nsd.port, { domains: ['else.test'] })
    expect(about('else.test').map((text) => text.split(':')[0])).toEqual(['mx warning', 'spf warning'])
    expect({ code, ok }).toEqual({ code: 0, ok: true })
  })

  test('SPF has to be there, once, and to let our addresses send', async () => {
    const mx = '@ IN MX 10 mx.ours.test.\n'
    const nsd = await startNsd({
      ...good,
      'without.test': `${mx}@ IN TXT "something else"`,
      'twice.test': `${mx}@ IN TXT "v=spf1 mx -all"\n@ IN TXT "v=spf1 -all"`,
      'wrong.test': `${mx}@ IN TXT "v=spf1 ipv4:192.0.2.25 -all"`,
      'others.test': `${mx}@ IN TXT "v=spf1 ip4:198.51.100.0/24 -all"`,
      'included.test': `${mx}@ IN TXT "v=spf1 include:_spf.ours.test -all"`,
      'lost.test': `${mx}@ IN TXT "v=spf1 include:_spf.refused.example -all"`,
      'ours.test': `${goodZone}\n_spf IN TXT "v=spf1 ip4:192.0.2.0/28 ip4:192.0.2.25 ?all"`,
    })
    const names = ['without', 'twice', 'wrong', 'others', 'included', 'lost']
    const { about, code } = await checked(nsd.port, { domains: names.map((name) => `${name}.test`) })
    const spf = Object.fromEntries(names.map((name) => [name, about(`${name}.test`)[1]]))
    expect(spf).toEqual({
      without: 'spf problem: no SPF record',
      twice: 'spf problem: permerror for 192.0.2.25 (twice.test has 2 SPF records)',
      wrong: 'spf problem: permerror for 192.0.2.25 (wrong.test: ipv4:192.0.2.25 is no mechanism of SPF)',
      others: 'spf problem: fail for 192.0.2.25 (-all of others.test)',
      included: 'spf ok: pass for 192.0.2.25 (include:_spf.ours.test of included.test)',
      lost: expect.stringMatching(/^spf cannot tell: temperror for 192\.0\.2\.25 /),
    })
    expect(code).toBe(1)
  })

  test('addresses of pools are what mail leaves from: they need names, and SPF, and are no place for an MX', async () => {
    const nsd = await startNsd({
      'ours.test': `${goodZone}\nout IN A 192.0.2.30\n@ IN MX 20 out`,
      '2.0.192.in-addr.arpa': `${goodReverse}\n30 IN PTR out.ours.test.\n31 IN PTR static.ours.test.`,
    })
    const pool = (address: string, hostname?: string) => ({ address, ...(hostname === undefined ? {} : { hostname }) })
    const egress = {
      default: { addresses: [pool('192.0.2.30', 'out.ours.test'), pool('192.0.2.31'), pool('10.0.0.9')] },
    }
    const { about, dns } = await checked(nsd.port, { more: { egress } })
    expect(about('192.0.2.30')).toEqual(['reverse ok: out.ours.test'])
    expect(about('out.ours.test at 192.0.2.30')).toEqual(['greeting ok: out.ours.test'])
    expect(about('192.0.2.31')[0]).toMatch(/^reverse problem: /)
    // 192.0.2.25 is listened on alone: SPF need not have it, and has it.
    expect(about('ours.test')[1]).toMatch(/^spf problem: pass for 192\.0\.2\.30 .*, fail for 192\.0\.2\.31 /)
    expect(about('ours.test')[0]).toBe('mx ok: 10 mx.ours.test (ours), 20 out.ours.test (not ours)')
    expect(dns.assumed[0]).toContain('of `egress` (192.0.2.30, 192.0.2.31)')
  })

  test('DKIM keys that are named are looked at, and what is no key is told before anybody is asked', async () => {
    const nsd = await startNsd({ ...good, 'ours.test': `${goodZone}\nold._domainkey IN TXT "v=DKIM1; p="` })
    const file = documentFile(nsd.port, {})
    const { code, out } = await runHere([
      'check',
      '--dns',
      '-c',
      file,
      '--dkim-selector',
      'ours.test=old',
      'ours.test=new',
    ])
    expect(out).toMatch(/^problem +dkim old\._domainkey\.ours\.test: .*a key that was revoked/m)
    expect(out).toMatch(/^problem +dkim new\._domainkey\.ours\.test: .*no record/m)
    expect(code).toBe(1)
    const wrong = await runHere(['check', '--dns', '-c', file, '--dkim-selector', 'ours.test'])
    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('expected domain=selector') })
  })

  test.skipIf(!peers('openssl'))(
    'the MTA-STS policy of a domain is fetched from its server, and has to name each MX',
    async () => {
      const ca = authority(tempFolder(), 'lab')
      const names = ['mta-sts.ours.test', 'mta-sts.else.test']
      const web = await startPolicyServer(ca.sign('web', '/CN=web', '2', names), (host) => ({
        kind: 'policy',
        lines: [
          'version: STSv1',
          'mode: enforce',
          `mx: ${host === names[0] ? 'mx' : 'old'}.ours.test`,
          'max_age: 86400',
        ],
      }))
      const records =
        '\n_mta-sts IN TXT "v=STSv1; id=1"\nmta-sts IN A 127.0.0.1\n_smtp._tls IN TXT "v=TLSRPTv1; rua=mailto:a@ours.test"'
      const nsd = await startNsd({
        ...good,
        'ours.test': `${goodZone}${records}`,
        'else.test': `@ IN MX 10 mx.ours.test.\n@ IN TXT "v=spf1 ip4:192.0.2.25 -all"${records}`,
      })
      const tlsPolicy = { mtaSts: { port: web.port }, ca: ca.cert }
      const { about, code } = await checked(nsd.port, { domains: ['else.test'], more: { tlsPolicy } })
      expect(about('ours.test').slice(2)).toEqual([
        'mta-sts ok: mode enforce: mx.ours.test',
        'tlsrpt ok: mailto:a@ours.test',
      ])
      expect(about('else.test')[2]).toBe('mta-sts problem: mode enforce, without mx.ours.test: old.ours.test')
      expect(code).toBe(1)
      const untrusted = await checked(nsd.port, {
        more: { tlsPolicy: { mtaSts: { port: web.port }, ca: '/nowhere.pem' } },
      })
      expect(untrusted.about('ours.test')[2]).toMatch(/^mta-sts problem: /)
      expect(untrusted.dns.assumed.at(-1)).toContain('/nowhere.pem cannot be read')
    },
  )

  test('a DNS list that lost its test entries is a problem', async () => {
    const nsd = await startNsd({ ...good, 'silent.test': '', 'greedy.test': '* IN A 127.0.0.2' })
    const { about, code } = await checked(nsd.port, { lists: ['silent.test', 'greedy.test', 'refused.example'] })
    expect(about('silent.test')[0]).toMatch(/^dnsbl problem: /)
    expect(about('greedy.test')[0]).toMatch(/^dnsbl problem: /)
    expect(about('refused.example')[0]).toMatch(/^dnsbl cannot tell: /)
    expect(code).toBe(1)
  })

  test('addresses that the internet does not know are skipped, and so are patterns', async () => {
    const nsd = await startNsd(good)
    const listeners = { lan: { kind: 'internal', bind: ['127.0.0.1:25', '10.0.0.1:25', '[fd00::1]:25'] } }
    const { about, code, dns } = await checked(nsd.port, { listeners, domains: ['*.sub.test'] })
    for (const address of ['127.0.0.1', '10.0.0.1', 'fd00::1']) {
      expect(about(`${address} (listener lan)`)[0]).toMatch(/^reverse skipped: /)
    }
    expect(about('*.sub.test')[0]).toMatch(/^mx skipped: /)
    // Behind an address translation the name of the MX has to do, and SPF cannot be compared.
    expect(about('ours.test')).toEqual([
      'mx ok: 10 mx.ours.test (ours)',
      'spf cannot tell: an SPF record, and no public address of ours is known to look for in it',
    ])
    expect(dns.assumed).toEqual(['no public address that the gateway sends from is known'])
    expect(code).toBe(0)
  })

  test('a listener on every address has those of its name', async () => {
    const nsd = await startNsd(good)
    const { about, code, dns } = await checked(nsd.port, { listeners: { mx: { kind: 'mx', bind: '0.0.0.0:25' } } })
    expect(about('192.0.2.25')).toEqual(['reverse ok: mx.ours.test'])
    expect(dns.assumed[0]).toBe(
      '0.0.0.0 is every address of the gateway: those of mx.ours.test in the DNS stand for it (192.0.2.25)',
    )
    expect(code).toBe(0)
  })

  test('addresses that the document gives its gateways are ours', async () => {
    const nsd = await startNsd({ ...good, 'ours.test': `${goodZone}\n@ IN MX 10 front\nfront IN A 203.0.113.5` })
    const gateways = { one: { unix: '/var/lib/mailgw', addresses: ['203.0.113.5'] } }
    const { about } = await checked(nsd.port, { more: { gateways } })
    expect(about('ours.test')[0]).toBe('mx ok: 10 mx.ours.test (ours), 10 front.ours.test (ours)')
  })

  test('where no name server answers nothing is ok, and nothing is a problem', async () => {
    const { dns, code } = await checked(await freePort(), { lists: ['list.test'] })
    const checks = ['host', 'reverse', 'mx', 'spf', 'mta-sts', 'tlsrpt', 'dnsbl']
    expect(new Set(dns.findings.map(({ check }) => check))).toEqual(new Set(checks))
    expect(new Set(dns.findings.map(({ level }) => level))).toEqual(new Set(['cannot tell']))
    expect(code).toBe(0)
  })

  test('what strangers write into the DNS stays on its line', async () => {
    const nsd = await startNsd({ ...good, 'evil.test': '@ IN MX 10 a\\010ok\\027[2J.evil.test.' })
    const { out } = await runHere(['check', '--dns', '-c', documentFile(nsd.port, { domains: ['evil.test'] })])
    expect(out).not.toMatch(/\x1b/)
    expect(out).not.toMatch(/^ok\\?\S*\[2J/m)
    expect(out).toMatch(/^problem +mx evil\.test: .*no name of a host/m)
  })
})

test('nobody is asked without --dns, or about a document that has errors', async () => {
  const file = documentFile(1, {})
  const plain = JSON.parse((await runHere(['check', '--json', '-c', file])).out) as object
  expect(plain).toMatchObject({ ok: true })
  expect(plain).not.toHaveProperty('dns')
  const wrong = documentFile(1, { more: { nonsense: true } })
  const { code, out } = await runHere(['check', '--dns', '--json', '-c', wrong])
  expect(code).toBe(1)
  expect(JSON.parse(out)).not.toHaveProperty('dns')
})
