import { describe, expect, test } from 'vitest'
import { askDnsbl, type DnsblOptions } from '../../src/dns/dnsbl.ts'
import { checkDnsbl } from '../../src/dns/dnsbl-health.ts'
import { reversed } from '../../src/dns/reverse-name.ts'
import { type IpAddress, parseIp } from '../../src/mail/ip.ts'
import { shutDownIn } from '../../src/mail/lists-shut-down.ts'
import * as fake from './fake-server.ts'
import { movableClock, resolverOf } from './lab.ts'

const ip = (text: string): IpAddress => {
  const address = parseIp(text)
  if (!address.ok) throw new Error(address.error)
  return address.value
}

const zone = 'bl.test'
const everything = ['127.0.0.0/8']
const four = '203.0.113.9'
const six = '2001:db8::25'
const listedA = (asked: fake.Asked) =>
  asked.type === 'A' ? fake.reply(asked, { answers: [fake.a(asked.name, '127.0.0.2')] }) : fake.nodata(asked)
const says =
  (...addresses: string[]) =>
  (asked: fake.Asked) =>
    asked.type === 'A'
      ? fake.reply(asked, { answers: addresses.map((address) => fake.a(asked.name, address)) })
      : fake.nodata(asked)
const because =
  (...texts: string[]) =>
  (asked: fake.Asked) =>
    asked.type === 'A'
      ? listedA(asked)
      : fake.reply(asked, { answers: texts.map((text) => fake.txt(asked.name, text)) })

type Case = {
  readonly name: string
  readonly say: (asked: fake.Asked) => fake.Said
  readonly client?: string
  readonly codes?: readonly string[]
  readonly options?: DnsblOptions
  readonly outcome: 'listed' | 'clear' | 'error'
  readonly reason?: unknown
  /** All names that were asked for. */
  readonly asked?: readonly string[]
}

const cases: readonly Case[] = [
  {
    name: 'an IPv4 client is asked for with its octets reversed',
    say: fake.nxdomain,
    outcome: 'clear',
    asked: ['9.113.0.203.bl.test'],
  },
  {
    name: 'an IPv6 client is asked for with its nibbles reversed',
    say: fake.nxdomain,
    client: six,
    outcome: 'clear',
    asked: ['5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.test'],
  },
  {
    name: 'an IPv4-mapped client is the IPv4 client',
    say: fake.nxdomain,
    client: `::ffff:${four}`,
    outcome: 'clear',
    asked: ['9.113.0.203.bl.test'],
  },
  { name: 'an address in 127/8 is a listing', say: listedA, outcome: 'listed', reason: null },
  { name: 'an IPv6 client can be listed', say: listedA, client: six, outcome: 'listed', reason: null },
  { name: 'no such name is clear', say: fake.nxdomain, outcome: 'clear', reason: null },
  { name: 'no such record is clear', say: fake.nodata, outcome: 'clear', reason: null },
  { name: 'an empty answer is clear', say: (asked) => fake.reply(asked), outcome: 'clear', reason: null },
  {
    name: 'a code that is wanted counts',
    say: says('127.0.0.4'),
    codes: ['127.0.0.2/32', '127.0.0.4/30'],
    outcome: 'listed',
  },
  {
    name: 'a code that is not wanted is clear',
    say: says('127.0.0.10'),
    codes: ['127.0.0.2/32', '127.0.0.4/30'],
    outcome: 'clear',
    reason: null,
  },
  {
    name: 'of several codes one is enough',
    say: says('127.0.0.10', '127.0.0.11', '127.0.0.2'),
    codes: ['127.0.0.2/32'],
    outcome: 'listed',
  },
  {
    name: 'of several codes none is wanted',
    say: says('127.0.0.10', '127.0.0.11'),
    codes: ['127.0.0.2/32'],
    outcome: 'clear',
  },
  {
    name: 'an answer outside of 127/8 never counts',
    say: says('203.0.113.200'),
    outcome: 'error',
    reason: 'bl.test answers outside of 127/8: 203.0.113.200',
  },
  {
    name: 'an answer outside of 127/8 does not hide one inside',
    say: says('203.0.113.200', '127.0.0.2'),
    outcome: 'listed',
  },
  { name: 'an answer of 128.0.0.2 is outside', say: says('128.0.0.2'), outcome: 'error' },
  {
    name: '127.255.255.254 is a refusal (asked through a public resolver) and no listing',
    say: says('127.255.255.254'),
    outcome: 'error',
    reason: 'bl.test refuses to answer: 127.255.255.254',
  },
  { name: '127.255.255.255 is a refusal (too many questions)', say: says('127.255.255.255'), outcome: 'error' },
  { name: '127.255.255.252 is a refusal (misspelt zone)', say: says('127.255.255.252'), outcome: 'error' },
  { name: 'a refusal beside a code is a refusal', say: says('127.0.0.2', '127.255.255.255'), outcome: 'error' },
  { name: '127.255.254.1 is no refusal', say: says('127.255.254.1'), outcome: 'listed' },
  {
    name: 'silence is an error and not clear',
    say: () => null,
    outcome: 'error',
    reason: expect.stringContaining('no answer in time'),
  },
  { name: 'SERVFAIL is an error', say: fake.servfail, outcome: 'error', reason: expect.stringContaining('SERVFAIL') },
  { name: 'REFUSED is an error', say: fake.refused, outcome: 'error', reason: expect.stringContaining('REFUSED') },
  {
    name: 'the answer to another question is none',
    say: (asked) => fake.reply(asked, { answers: [fake.a('x.bl.test', '127.0.0.2')] }),
    outcome: 'error',
  },
  {
    name: 'an answer by way of an alias counts',
    say: (asked) =>
      asked.type === 'A'
        ? fake.reply(asked, { answers: [fake.cname(asked.name, 'hit.bl.test'), fake.a('hit.bl.test', '127.0.0.2')] })
        : fake.nodata(asked),
    outcome: 'listed',
  },
  {
    name: 'the reason is the TXT of the same name',
    say: because('see http://bl.test/?9'),
    outcome: 'listed',
    reason: 'see http://bl.test/?9',
    asked: ['9.113.0.203.bl.test', '9.113.0.203.bl.test'],
  },
  {
    name: 'a clear client is not asked for its reason',
    say: fake.nxdomain,
    outcome: 'clear',
    asked: ['9.113.0.203.bl.test'],
  },
  {
    name: 'of several reasons the first that says something',
    say: because('', 'spam trap', 'other'),
    outcome: 'listed',
    reason: 'spam trap',
  },
  { name: 'a listing without a reason', say: listedA, outcome: 'listed', reason: null },
  {
    name: 'a listing whose reason cannot be had is a listing',
    say: (asked) => (asked.type === 'TXT' ? fake.servfail(asked) : listedA(asked)),
    outcome: 'listed',
    reason: null,
  },
  {
    name: 'a reason cannot end the reply line',
    say: because('bad\r\n250 ok\r\n\0\x1b[31mred\x7f'),
    outcome: 'listed',
    reason: 'bad 250 ok [31mred?',
  },
  {
    name: 'a reason is ASCII',
    say: because('gesperrt \u2013 b\u00f6se'),
    outcome: 'listed',
    reason: 'gesperrt ? b?se',
  },
  {
    name: 'a reason is not longer than a reply line has room',
    say: because('x'.repeat(255)),
    outcome: 'listed',
    reason: 'x'.repeat(200),
  },
  {
    name: 'nothing in a reason is expanded',
    say: because('%{client} $client $(x) %s'),
    outcome: 'listed',
    reason: '%{client} $client $(x) %s',
  },
  {
    name: 'a trusted client is never asked about',
    say: listedA,
    options: { exempt: (client) => client === four },
    outcome: 'clear',
    asked: [],
  },
]

const special = [
  ...['0.1.2.3', '10.1.2.3', '100.64.0.1', '169.254.1.1', '172.16.0.1', '172.31.255.255'],
  ...['192.0.0.1', '192.168.1.1', '198.18.0.1', '198.19.255.255', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
  ...['::', '::ffff:10.0.0.1', '64:ff9b:1::1', '100::1', '2001::1', '2002:c000:204::1', 'fc00::1', 'fd12::1'],
  ...['fe80::1', 'fec0::1', 'ff02::1', '5f00::1'],
]
const ordinary = [
  '172.32.0.1',
  '172.15.255.255',
  '100.128.0.1',
  '192.0.0.9',
  '198.20.0.1',
  '11.0.0.1',
  '2001:4860::1',
  '2a00::1',
  '2001:20::1',
  '203.0.113.1',
  '192.0.2.1',
  '2001:db8::1',
  '64:ff9b::1',
  // Whoever tries a list comes from here, and the test entries of lists are here (RFC 5782 §5).
  '127.0.0.1',
  '127.0.0.2',
  '::ffff:127.0.0.2',
  '::1',
]

describe('asking a DNS list', () => {
  test.for(cases)(
    '$name',
    async ({ name, say, client = four, codes = everything, options, outcome, reason, asked }) => {
      const server = await fake.fakeServer(say)
      const resolver = resolverOf({ ...server.settings, timeoutMs: name.startsWith('silence') ? 300 : 15_000 })
      const answer = await askDnsbl(resolver, { zone, codes }, ip(client), options)
      expect(answer.outcome).toBe(outcome)
      if (reason !== undefined) expect(answer.reason).toEqual(reason)
      if (asked !== undefined) expect(server.asked.map(({ name }) => name)).toEqual(asked)
    },
  )

  test('addresses that mean something here alone are clear, and nobody is told of them', async () => {
    const server = await fake.fakeServer(listedA)
    const resolver = resolverOf(server.settings)
    for (const client of special) {
      expect([client, await askDnsbl(resolver, { zone, codes: everything }, ip(client))]).toEqual([
        client,
        { outcome: 'clear', reason: null },
      ])
    }
    expect(server.asked).toEqual([])
    for (const client of ordinary) {
      expect([client, await askDnsbl(resolver, { zone, codes: everything }, ip(client))]).toMatchObject([
        client,
        { outcome: 'listed' },
      ])
    }
  })

  test('an answer is kept for its time, an absence for the time of its SOA, an error for a second', async () => {
    const clock = movableClock()
    let say: (asked: fake.Asked) => fake.Said = says('127.0.0.2')
    const server = await fake.fakeServer((asked) => say(asked))
    const resolver = resolverOf(server.settings, { clock })
    const ask = async () => (await askDnsbl(resolver, { zone, codes: everything }, ip(four))).outcome
    const questions = () => server.asked.filter(({ type }) => type === 'A').length
    expect([await ask(), await ask(), questions()]).toEqual(['listed', 'listed', 1])
    clock.move(299_000)
    expect([await ask(), questions()]).toEqual(['listed', 1])
    say = fake.nxdomain
    clock.move(2000)
    expect([await ask(), await ask(), questions()]).toEqual(['clear', 'clear', 2])
    say = fake.servfail
    clock.move(61_000)
    expect([await ask(), await ask(), questions()]).toEqual(['error', 'error', 3])
    say = says('127.0.0.2')
    clock.move(1100)
    expect([await ask(), questions()]).toEqual(['listed', 4])
  })

  test('a hundred sessions of one client ask once', async () => {
    const server = await fake.fakeServer(listedA)
    const resolver = resolverOf(server.settings)
    const all = Array.from({ length: 100 }, () => askDnsbl(resolver, { zone, codes: everything }, ip(four)))
    expect(new Set((await Promise.all(all)).map(({ outcome }) => outcome))).toEqual(new Set(['listed']))
    expect(server.asked).toHaveLength(2)
  })

  test('names are reversed by octets and by nibbles', () => {
    expect(reversed(ip('192.0.2.99'))).toBe('99.2.0.192')
    expect(reversed(ip('2001:db8:1:2:3:4:567:89ab'))).toBe(
      'b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2',
    )
  })
})

describe('the health of a DNS list', () => {
  const entries = (listed: readonly string[]) => (asked: fake.Asked) =>
    listed.some((address) => asked.name === `${reversed(ip(address))}.${zone}`) ? listedA(asked) : fake.nxdomain(asked)
  const states = [
    ['lists 127.0.0.2 and not 127.0.0.1', entries(['127.0.0.2']), 'healthy'],
    ['lists nothing', entries([]), 'silent'],
    ['lists everything', listedA, 'greedy'],
    ['lists 127.0.0.1', entries(['127.0.0.1']), 'greedy'],
    ['refuses', says('127.255.255.254'), 'unknown'],
    ['was sold and answers with the address of a web server', says('203.0.113.80'), 'unknown'],
    ['does not answer', () => null, 'unknown'],
  ] as const
  for (const [what, say, state] of states) {
    test(`a list that ${what} is ${state}`, async () => {
      const server = await fake.fakeServer(say)
      const resolver = resolverOf({ ...server.settings, timeoutMs: what === 'does not answer' ? 300 : 15_000 })
      expect(await checkDnsbl(resolver, { zone, codes: everything })).toMatchObject({ state, why: expect.any(String) })
    })
  }

  test('zones that were shut down are known, with what is below them', () => {
    expect(shutDownIn('dnsbl.sorbs.net')).toBe(2024)
    expect(shutDownIn('spam.dnsbl.sorbs.net')).toBe(2024)
    expect(shutDownIn('zen.spamhaus.org')).toBe(null)
    expect(shutDownIn('constructor')).toBe(null)
  })
})
