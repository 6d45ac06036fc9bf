// MQ-39: DKIM keys, MTA-STS and TLS reports of our own domains.
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { compareDkim, parseSelector } from '../../../src/cli/check-dns/dkim.ts'
import { askSts, compareSts } from '../../../src/cli/check-dns/mta-sts.ts'
import { compareTlsrpt } from '../../../src/cli/check-dns/tlsrpt.ts'
import type { Answer, MxRecord } from '../../../src/dns/answer.ts'
import type { Fetched } from '../../../src/dns/mta-sts/fetch.ts'

const found = <T>(...value: T[]): Answer<readonly T[]> => ({ kind: 'found', value, ttlMs: 0 })
const none: Answer<never> = { kind: 'none', nxdomain: true }
const failed: Answer<never> = { kind: 'failed', why: 'SERVFAIL' }

const rsa = (modulusLength: number, type: 'spki' | 'pkcs1' = 'spki') =>
  generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ type, format: 'der' }).toString('base64')
const good = rsa(2048)
const ed = generateKeyPairSync('ed25519')
  .publicKey.export({ type: 'spki', format: 'der' })
  .subarray(-32)
  .toString('base64')

describe('a DKIM key', () => {
  const cases: readonly (readonly [string, Answer<readonly string[]>, string])[] = [
    ['of 2048 bits is as it should be', found(`v=DKIM1; k=rsa; p=${good}`), 'ok: an RSA key of 2048 bits'],
    ['needs neither v= nor k=', found(`p=${good};`), 'ok: an RSA key of 2048 bits'],
    ['may be bare, as RFC 6376 has it', found(`p=${rsa(2048, 'pkcs1')}`), 'ok: an RSA key of 2048 bits'],
    ['may have blanks inside', found(`p=${good.slice(0, 40)} ${good.slice(40)}`), 'ok: an RSA key of 2048 bits'],
    ['of ed25519 is as it should be', found(`v=DKIM1; k=ed25519; p=${ed}`), 'ok: ed25519'],
    ['of 1024 bits is short', found(`p=${rsa(1024)}`), 'warning: an RSA key of 1024 bits'],
    [
      'in testing counts for nothing',
      found(`t=y:s; p=${good}`),
      'warning: an RSA key of 2048 bits, for tests alone (t=y)',
    ],
    ['of 512 bits counts for nothing', found(`p=${rsa(512)}`), 'problem: an RSA key of 512 bits'],
    ['that was revoked is none', found('v=DKIM1; p='), 'problem: a key that was revoked'],
    ['without p= is none', found('v=DKIM1; k=rsa'), 'problem: a record without p='],
    ['of another version is none', found(`v=DKIM2; p=${good}`), 'problem: v=DKIM2'],
    ['of an unknown kind is none', found(`k=dsa; p=${good}`), 'problem: k=dsa'],
    ['that is no base64 is none', found('p=!!!!'), 'problem: p= is no base64'],
    ['that is no key is none', found('p=AAAA'), 'problem: p= holds no RSA key'],
    ['of ed25519 has 32 octets', found(`k=ed25519; p=${good}`), 'problem: an ed25519 key of'],
    ['for something else is none for mail', found(`s=tlsrpt; p=${good}`), 'problem: s=tlsrpt'],
    ['twice is a guess', found(`p=${good}`, `p=${ed}`), 'problem: 2 records'],
    ['with a tag twice is none', found(`p=${good}; p=${ed}`), 'problem: no list of tags'],
    ['that is not there is missing', none, 'problem: no record'],
    ['that nobody could tell of is open', failed, 'cannot tell: SERVFAIL'],
  ]
  test.for(cases)('%s', ([, answer, want]) => {
    const { level, came } = compareDkim('s._domainkey.d.test', answer)
    expect(`${level}: ${came}`).toContain(want)
  })

  test('is named by domain and selector', () => {
    expect(parseSelector('Example.com=s1')).toEqual({ ok: true, value: { domain: 'example.com', selector: 's1' } })
    for (const text of ['example.com', '=s1', 'example.com=', 'a b=s', 'example.com=a=b', 'example.com=a b']) {
      expect(parseSelector(text)).toMatchObject({ ok: false })
    }
  })
})

describe('a place for reports on TLS', () => {
  const cases: readonly (readonly [string, Answer<readonly string[]>, string | null])[] = [
    ['by mail', found('v=TLSRPTv1; rua=mailto:tls@d.test'), 'ok: mailto:tls@d.test'],
    [
      'by HTTPS, beside others',
      found('other', 'v=TLSRPTv1;rua=https://r.test/x, mailto:a@d.test'),
      'ok: https://r.test/x, mailto',
    ],
    ['none at all is no mistake', none, null],
    ['records of others are no mistake', found('v=spf1 -all', 'v=TLSRPTv10; rua=mailto:a@d.test'), null],
    ['without rua', found('v=TLSRPTv1;'), 'problem: no rua'],
    ['by nothing that is known', found('v=TLSRPTv1; rua=ftp://d.test'), 'problem: no place to report to: ftp:'],
    ['by mail to nobody', found('v=TLSRPTv1; rua=mailto:'), 'problem: no place to report to'],
    ['by a mailbox that is none', found('v=TLSRPTv1; rua=mailto:%zz@d.test'), 'problem: no place to report to'],
    [
      'twice counts as none',
      found('v=TLSRPTv1; rua=mailto:a@d.test', 'v=TLSRPTv1; rua=mailto:b@d.test'),
      'problem: 2 records',
    ],
    ['nobody could tell', failed, 'cannot tell: SERVFAIL'],
  ]
  test.for(cases)('%s', ([, answer, want]) => {
    const [finding] = compareTlsrpt('d.test', answer)
    if (want === null) expect(finding).toBe(undefined)
    else expect(`${finding!.level}: ${finding!.came}`).toContain(want)
  })
})

describe('an MTA-STS policy', () => {
  const mx = (...hosts: string[]): Answer<readonly MxRecord[]> =>
    found(...hosts.map((exchange) => ({ preference: 10, exchange })))
  const body = (mode: string, ...hosts: string[]): Fetched => ({
    kind: 'body',
    body: ['version: STSv1', `mode: ${mode}`, ...hosts.map((host) => `mx: ${host}`), 'max_age: 86400'].join('\n'),
  })
  const record = found('v=STSv1; id=1;')
  const unfetched: Fetched = { kind: 'failed', of: 'webpki', why: 'certificate has expired' }
  const cases: readonly (readonly [
    string,
    Answer<readonly string[]>,
    Fetched,
    Answer<readonly MxRecord[]>,
    string | null,
  ])[] = [
    ['with each MX', record, body('enforce', '*.d.test', 'mx.e.test'), mx('a.d.test', 'mx.e.test'), 'ok: mode enforce'],
    ['in testing', record, body('testing', 'a.d.test'), mx('a.d.test'), 'ok: mode testing'],
    ['that is taken back', record, body('none'), mx('a.d.test'), 'ok: mode none'],
    [
      'without an MX, enforced',
      record,
      body('enforce', '*.d.test'),
      mx('d.test', 'a.d.test'),
      'problem: mode enforce, without d.test',
    ],
    [
      'without an MX, in testing',
      record,
      body('testing', 'b.d.test'),
      mx('a.d.test'),
      'warning: mode testing, without a.d.test',
    ],
    ['with MX that nobody could tell', record, body('enforce', 'a.d.test'), failed, 'cannot tell: mode enforce'],
    ['that cannot be fetched', record, unfetched, mx('a.d.test'), 'problem: certificate has expired'],
    ['that is broken', record, body('maybe', 'a.d.test'), mx('a.d.test'), 'problem: expected a mode'],
    [
      'with a record that is broken',
      found('v=STSv1; id=a-b'),
      body('enforce', 'a.d.test'),
      mx('a.d.test'),
      'problem: senders take the record for none',
    ],
    [
      'with two records',
      found('v=STSv1; id=1', 'v=STSv1; id=2'),
      body('enforce', 'a.d.test'),
      mx('a.d.test'),
      'problem: senders take',
    ],
    ['that nobody could tell', failed, body('enforce', 'a.d.test'), mx('a.d.test'), 'cannot tell: SERVFAIL'],
    ['that is not there', none, unfetched, mx('a.d.test'), null],
  ]
  test.for(cases)('%s', async ([, txt, fetched, hosts, want]) => {
    const sts = await askSts({ txt: async () => txt }, async () => fetched, 'd.test')
    const [finding] = compareSts('d.test', sts, hosts)
    if (want === null) expect(finding).toBe(undefined)
    else expect(`${finding!.level}: ${finding!.came}`).toContain(want)
  })
})
