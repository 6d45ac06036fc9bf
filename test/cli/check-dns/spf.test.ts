import { describe, expect, test } from 'vitest'
import { evaluateSpf, type SpfAsked } from '../../../src/cli/check-dns/spf.ts'
import { isSpf, parseSpf } from '../../../src/cli/check-dns/spf-record.ts'
import type { Answer } from '../../../src/dns/answer.ts'
import { type IpAddress, parseIp } from '../../../src/mail/ip.ts'

const ip = (text: string): IpAddress => {
  const address = parseIp(text)
  if (!address.ok) throw new Error(address.error)
  return address.value
}

type Records = { readonly txt?: string[]; readonly mx?: string[]; readonly a?: string[]; readonly aaaa?: string[] }

/** Answers by name; `null` is a name that nobody can look up. */
function zone(names: Readonly<Record<string, Records | null>>): SpfAsked {
  const known = new Map(Object.entries(names))
  const answer = <T>(name: string, values: (records: Records) => T[] | undefined): Promise<Answer<readonly T[]>> => {
    const records = known.get(name)
    if (records === null) return Promise.resolve({ kind: 'failed', why: `${name}: SERVFAIL` })
    const found = records === undefined ? undefined : values(records)
    if (found === undefined) return Promise.resolve({ kind: 'none', nxdomain: records === undefined })
    return Promise.resolve({ kind: 'found', value: found, ttlMs: 0 })
  }
  return {
    txt: (name) => answer(name, ({ txt }) => txt),
    mx: (name) => answer(name, ({ mx }) => mx?.map((exchange, i) => ({ preference: i, exchange }))),
    a: (name) => answer(name, ({ a }) => a?.map(ip)),
    aaaa: (name) => answer(name, ({ aaaa }) => aaaa?.map(ip)),
  }
}

const around = {
  'd.test': { a: ['192.0.2.1'], mx: ['mx.d.test'] },
  'mx.d.test': { a: ['192.0.2.2'], aaaa: ['2001:db8::2'] },
  'pass.test': { txt: ['v=spf1 ip4:192.0.2.9 -all'] },
  'soft.test': { txt: ['v=spf1 ~all'] },
  'broken.test': { txt: ['v=spf1 nonsense'] },
  'macro.test': { txt: ['v=spf1 exists:%{i}.d.test -all'] },
  'self.test': { txt: ['v=spf1 include:self.test -all'] },
  'down.test': null,
}

async function resultOf(record: string, address: string): Promise<string> {
  const names = { ...around, 'd.test': { ...around['d.test'], txt: [record] } }
  return (await evaluateSpf(zone(names), 'd.test', ip(address))).result
}

describe('SPF (RFC 7208)', () => {
  test.each([
    ['v=spf1 -all', '192.0.2.1', 'fail'],
    ['v=spf1', '192.0.2.1', 'neutral'],
    ['V=SPF1 ALL', '192.0.2.1', 'pass'],
    ['v=spf1  ip4:192.0.2.0/24   -all ', '192.0.2.200', 'pass'],
    ['v=spf1 ip4:192.0.2.0/25 -all', '192.0.2.200', 'fail'],
    ['v=spf1 ip4:0.0.0.0/0 -all', '2001:db8::1', 'fail'],
    ['v=spf1 ip6:::/0 -all', '192.0.2.1', 'fail'],
    ['v=spf1 ip6:2001:db8::/32 -all', '2001:db8:1::1', 'pass'],
    ['v=spf1 ?ip4:192.0.2.1 -all', '192.0.2.1', 'neutral'],
    ['v=spf1 -ip4:192.0.2.1 +all', '192.0.2.1', 'fail'],
    ['v=spf1 a -all', '192.0.2.1', 'pass'],
    ['v=spf1 a -all', '192.0.2.2', 'fail'],
    ['v=spf1 a/24 -all', '192.0.2.77', 'pass'],
    ['v=spf1 a:mx.d.test//64 -all', '2001:db8::77', 'pass'],
    ['v=spf1 a:mx.d.test/24 -all', '2001:db8::77', 'fail'],
    ['v=spf1 mx -all', '192.0.2.2', 'pass'],
    ['v=spf1 mx -all', '2001:db8::2', 'pass'],
    ['v=spf1 mx:d.test/30//128 -all', '192.0.2.3', 'pass'],
    ['v=spf1 include:pass.test -all', '192.0.2.9', 'pass'],
    ['v=spf1 include:pass.test ~all', '192.0.2.8', 'softfail'],
    ['v=spf1 include:soft.test ?all', '192.0.2.8', 'neutral'],
    ['v=spf1 -include:pass.test +all', '192.0.2.9', 'fail'],
    ['v=spf1 redirect=pass.test', '192.0.2.9', 'pass'],
    ['v=spf1 redirect=pass.test', '192.0.2.8', 'fail'],
    ['v=spf1 redirect=pass.test ?all', '192.0.2.9', 'neutral'],
    ['v=spf1 exists:mx.d.test -all', '192.0.2.8', 'pass'],
    ['v=spf1 new=thing exp=why.d.test -all', '192.0.2.8', 'fail'],
  ])('%s says of %s: %s', async (record, address, result) => {
    expect(await resultOf(record, address)).toBe(result)
  })

  test.each([
    ['a name that is not there', 'v=spf1 include:gone.test -all'],
    ['a redirect to a name without a record', 'v=spf1 redirect=mx.d.test'],
    ['an included record with an error', 'v=spf1 include:broken.test -all'],
    ['a record that includes itself', 'v=spf1 include:self.test -all'],
    ['more than ten terms to look up', `v=spf1 ${'a:mx.d.test '.repeat(11)}-all`],
    ['more than two look-ups that find nothing', 'v=spf1 a:g1.test a:g2.test a:g3.test ip4:192.0.2.7 -all'],
  ])('%s is an error for good', async (_, record) => {
    expect(await resultOf(record, '192.0.2.7')).toBe('permerror')
  })

  test('ten terms to look up are not too many', async () => {
    expect(await resultOf(`v=spf1 ${'a:mx.d.test '.repeat(10)}-all`, '192.0.2.7')).toBe('fail')
  })

  test.each([
    'v=spf1 include:down.test -all',
    'v=spf1 a:down.test -all',
    'v=spf1 mx:down.test -all',
    'v=spf1 redirect=down.test',
  ])('%s cannot be told while the name cannot be looked up', async (record) => {
    expect(await resultOf(record, '192.0.2.7')).toBe('temperror')
  })

  test('what was found before a name that cannot be looked up counts', async () => {
    expect(await resultOf('v=spf1 ip4:192.0.2.7 include:down.test -all', '192.0.2.7')).toBe('pass')
  })

  test.each([
    ['v=spf1 exists:%{i}.d.test -all', 'unknown'],
    ['v=spf1 ptr -all', 'unknown'],
    ['v=spf1 include:macro.test -all', 'unknown'],
    ['v=spf1 redirect=%{d}.d.test', 'unknown'],
    // Whether the term holds or not, the address may send.
    ['v=spf1 exists:%{i}.d.test ip4:192.0.2.7 -all', 'pass'],
    ['v=spf1 -exists:%{i}.d.test ip4:192.0.2.7 -all', 'unknown'],
    ['v=spf1 -ptr -all', 'fail'],
  ])('%s is %s: what is not followed decides only where it does not matter', async (record, result) => {
    expect(await resultOf(record, '192.0.2.7')).toBe(result)
  })

  test('two records are an error, and other texts are none', async () => {
    const twice = zone({ 'd.test': { txt: ['v=spf1 -all', 'v=spf1 +all'] } })
    expect((await evaluateSpf(twice, 'd.test', ip('192.0.2.1'))).result).toBe('permerror')
    const none = zone({ 'd.test': { txt: ['v=spf10 -all', 'hello'] } })
    expect((await evaluateSpf(none, 'd.test', ip('192.0.2.1'))).result).toBe('none')
    expect([isSpf('v=spf1'), isSpf('v=spf1 -all'), isSpf(' v=spf1'), isSpf('v=spf1\t-all')]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  test.each([
    'ip4:192.0.2.1/33',
    'ip4:192.0.2.1/024',
    'ip4:192.0.2.1/',
    'ip4:192.0.2',
    'ip4:2001:db8::1',
    'ip6:192.0.2.1',
    'ip6:2001:db8::/129',
    'ip4',
    'all:d.test',
    'include',
    'include:',
    'a:',
    'a/33',
    'a//129',
    'mx:d..test',
    'exists',
    'ptr:',
    'redirect=',
    'redirect=a.test redirect=b.test',
    '-redirect=a.test',
    '!all',
    '-',
    'ipv4:192.0.2.1',
    'constructor',
    '-all;',
  ])('%s is no term of a record', (term) => {
    expect(parseSpf(`v=spf1 ${term}`).ok).toBe(false)
  })
})
