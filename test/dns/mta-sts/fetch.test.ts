import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Answer } from '../../../src/dns/answer.ts'
import { policyFetcher } from '../../../src/dns/mta-sts/fetch.ts'
import type { IpAddress } from '../../../src/mail/ip.ts'
import { authority } from '../../support/certificates.ts'
import { peers, tempFolder } from '../../support/peer.ts'
import { type PolicyAnswer, startPolicyServer } from '../../support/policy-server.ts'

const policy: PolicyAnswer = { kind: 'policy', lines: ['version: STSv1', 'mode: none', 'max_age: 1'] }

type Site = {
  answer: PolicyAnswer
  /** Names of the server's certificate. */
  names?: readonly string[]
  days?: string
  trusted?: boolean
  timeoutMs?: number
  addresses?: Answer<readonly IpAddress[]>
}

async function fetched({ answer, names = ['mta-sts.dst.test'], days, trusted = true, ...more }: Site) {
  const folder = tempFolder()
  const ca = authority(folder, 'lab')
  const server = await startPolicyServer(ca.sign('web', '/CN=web', days, names), answer)
  const here: Answer<readonly IpAddress[]> = { kind: 'found', value: ['127.0.0.1' as IpAddress], ttlMs: 0 }
  const fetch = policyFetcher({ addresses: async () => more.addresses ?? here }, () => ({
    port: server.port,
    timeoutMs: more.timeoutMs ?? 5000,
    ...(trusted ? { ca: readFileSync(ca.cert, 'utf8') } : {}),
  }))
  return { result: await fetch('dst.test'), server }
}

describe.skipIf(!peers('openssl'))('the policy of a domain by HTTPS (RFC 8461 §3.3)', () => {
  test('is asked of mta-sts.<domain> at the well-known path', async () => {
    const { result, server } = await fetched({ answer: policy })
    expect(result).toEqual({ kind: 'body', body: 'version: STSv1\r\nmode: none\r\nmax_age: 1\r\n' })
    expect(server.asked).toEqual([`mta-sts.dst.test:${server.port} /.well-known/mta-sts.txt`])
  })

  const refused: [string, Site, 'webpki' | 'fetch', RegExp][] = [
    ['a certificate of another name', { answer: policy, names: ['dst.test'] }, 'webpki', /altnames|does not match/],
    ['an authority that nobody trusts', { answer: policy, trusted: false }, 'webpki', /issuer|self.signed|verify/],
    ['a certificate that has expired', { answer: policy, days: '-1' }, 'webpki', /expired/],
    [
      'a redirect, wherever it leads',
      { answer: { kind: 'status', status: 301, location: 'https://mta-sts.dst.test/other' } },
      'fetch',
      /got 301/,
    ],
    ['not found', { answer: { kind: 'status', status: 404 } }, 'fetch', /got 404/],
    [
      'HTML',
      { answer: { kind: 'policy', lines: ['<html>'], type: 'text/html; charset=utf-8' } },
      'fetch',
      /text\/html/,
    ],
    ['an endless answer', { answer: { kind: 'endless' } }, 'fetch', /more than 65536/],
    ['half an answer', { answer: { kind: 'cut' } }, 'fetch', /aborted|cut off|hang up/],
    ['silence', { answer: { kind: 'silent' }, timeoutMs: 200 }, 'fetch', /no whole answer in 200 ms/],
    [
      'a name that is not there',
      { answer: policy, addresses: { kind: 'none', nxdomain: true } },
      'fetch',
      /has no address/,
    ],
    [
      'a name that nobody could tell',
      { answer: policy, addresses: { kind: 'failed', why: 'SERVFAIL' } },
      'fetch',
      /SERVFAIL/,
    ],
    [
      'an address that is nothing to connect to',
      { answer: policy, addresses: { kind: 'found', value: ['0.0.0.0' as IpAddress], ttlMs: 0 } },
      'fetch',
      /has no address/,
    ],
  ]
  for (const [name, site, of, why] of refused) {
    test(`no policy: ${name}`, async () => {
      const { result } = await fetched(site)
      expect(result).toMatchObject({ kind: 'failed', of, why: expect.stringMatching(why) })
    })
  }
})
