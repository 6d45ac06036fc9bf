import { describe, expect, test } from 'vitest'
import type { Forward } from '../../../src/cli/check-dns/forward.ts'
import { inTurn } from '../../../src/cli/check-dns/in-turn.ts'
import { compareMx } from '../../../src/cli/check-dns/mx.ts'
import { oursOf } from '../../../src/cli/check-dns/ours.ts'
import { dnsText } from '../../../src/cli/check-dns/report-text.ts'
import { compareReverse } from '../../../src/cli/check-dns/reverse.ts'
import type { Document } from '../../../src/config/document.ts'
import type { Answer } from '../../../src/dns/answer.ts'
import { storedDomain } from '../../../src/mail/domain.ts'
import type { IpAddress } from '../../../src/mail/ip.ts'

const ip = (text: string) => text as IpAddress
const found = <T>(...value: T[]): Answer<readonly T[]> => ({ kind: 'found', value, ttlMs: 0 })
const none: Answer<never> = { kind: 'none', nxdomain: false }
const failed: Answer<never> = { kind: 'failed', why: 'SERVFAIL' }

const v4 = ip('192.0.2.25')
const v6 = ip('2001:db8::25')
const half: Forward = { v4: found(v4), v6: failed }

describe('what could not be looked up', () => {
  test('one family says nothing of the other: the reverse name of each is told for itself', () => {
    const names = found('mx.test')
    const of = (address: IpAddress) =>
      compareReverse({ address, names, forwards: new Map([['mx.test', half]]) }, ['mx.test']).map(({ level }) => level)
    expect(of(v4)).toEqual(['ok', 'ok'])
    expect(of(v6)).toEqual(['cannot tell'])
    expect(of(ip('192.0.2.26'))).toEqual(['problem'])
  })

  test('a greeting whose name cannot be looked up is open, though another name leads back', () => {
    const forwards = new Map<string, Forward>([
      ['other.test', { v4: found(v4), v6: none }],
      ['mx.test', { v4: failed, v6: none }],
    ])
    const reverse = { address: v4, names: found('other.test', 'mx.test'), forwards }
    expect(compareReverse(reverse, ['mx.test', 'third.test']).map(({ level }) => level)).toEqual([
      'ok',
      'cannot tell',
      'warning',
    ])
  })

  test('an MX whose addresses are half known is ours only by what is known', () => {
    const mx = (hosts: ReadonlyMap<string, Forward>, addresses: IpAddress[]) =>
      compareMx(
        { domain: 'd.test', records: found({ preference: 10, exchange: 'mx.test' }), own: null, hosts },
        { names: new Set(['mx.test']), addresses: new Set(addresses) },
      ).level
    expect(mx(new Map([['mx.test', half]]), [v4])).toBe('ok')
    expect(mx(new Map([['mx.test', half]]), [v6])).toBe('cannot tell')
    expect(mx(new Map(), [v4])).toBe('cannot tell')
    expect(mx(new Map([['mx.test', { v4: none, v6: none }]]), [])).toBe('problem')
    expect(mx(new Map([['mx.test', { v4: found(ip('192.0.2.99')), v6: none }]]), [v4])).toBe('warning')
  })

  test('a domain without MX is ours only by its own addresses', () => {
    const level = (own: Forward) =>
      compareMx(
        { domain: 'd.test', records: none, own, hosts: new Map() },
        { names: new Set(), addresses: new Set([v6]) },
      ).level
    expect(level(half)).toBe('cannot tell')
    expect(level({ v4: found(v4), v6: found(v6) })).toBe('ok')
    expect(level({ v4: found(v4), v6: none })).toBe('warning')
  })
})

describe('who we are', () => {
  const documentOf = (...bind: string[]): Pick<Document, 'hostname' | 'listeners' | 'gateways'> => ({
    hostname: storedDomain('mx.test'),
    listeners: [
      {
        at: 'listeners.mx',
        name: 'mx',
        kind: 'mx',
        bind: bind.map((host) => ({ host, port: 25 })),
        hostname: 'mx.test',
        maxSizeBytes: 1,
      },
    ],
    gateways: [],
  })
  const both = new Map<string, Forward>([['mx.test', { v4: found(v4, ip('10.0.0.1')), v6: found(v6) }]])

  test('0.0.0.0 is every IPv4 address of the name, :: those of both families, and none of them a private one', () => {
    expect(oursOf(documentOf('0.0.0.0'), both).senders).toEqual([v4])
    expect(oursOf(documentOf('::'), both).senders).toEqual([v4, v6])
  })

  test('an address with several ports is one, and a private one is told as skipped', () => {
    const ours = oursOf(documentOf(v4, v4, '10.0.0.1', 'localhost', '::1'), both)
    expect(ours.senders).toEqual([v4])
    expect(ours.findings.map(({ level }) => level)).toEqual(['skipped', 'skipped', 'skipped', 'ok'])
  })

  test('a name whose addresses cannot be looked up is open, unless it is known to lead here', () => {
    const level = (bind: string, forward: Forward) =>
      oursOf(documentOf(bind), new Map([['mx.test', forward]])).findings.map((one) => one.level)[0]
    expect(level(v4, half)).toBe('ok')
    expect(level(v6, half)).toBe('cannot tell')
    expect(level(v4, { v4: found(ip('192.0.2.99')), v6: failed })).toBe('warning')
    expect(level('0.0.0.0', { v4: failed, v6: failed })).toBe('cannot tell')
  })
})

test('a report is one line a finding, whatever length and octets the DNS has', () => {
  const came = `a\nok  b\x1b[2J${'x'.repeat(5000)}`
  const text = dnsText({
    findings: [{ level: 'problem', check: 'spf', of: 'd.test', wanted: 'w', came }],
    assumed: ['that'],
  })
  const lines = text.split('\n')
  expect(lines).toHaveLength(4)
  expect(lines[0]!.startsWith('problem      spf d.test: wanted w; came a / ok  b\\u{1b}[2Jxxx')).toBe(true)
  expect(lines[0]!.length).toBeLessThan(500)
  expect(lines.slice(1)).toEqual(['assumed: that', 'DNS: 1 problem', ''])
})

test('in turn: all are asked, in order, and no more than so many at one moment', async () => {
  let under = 0
  let most = 0
  const ask = async (one: number) => {
    most = Math.max(most, ++under)
    await Promise.resolve()
    under--
    return one * 2
  }
  expect(await inTurn([1, 2, 3, 4, 5], 2, ask)).toEqual([2, 4, 6, 8, 10])
  expect(most).toBe(2)
  expect(await inTurn([], 3, ask)).toEqual([])
})
