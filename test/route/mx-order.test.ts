import { randomInt } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { mxHosts } from '../../src/route/mx-hosts.ts'
import * as fake from '../dns/fake-server.ts'
import { d, resolverOf } from '../dns/lab.ts'
import {
  type Case,
  chain,
  failed,
  hosts,
  loop,
  m1,
  m2,
  noSuchDomain,
  say,
  testCases,
  three,
  unusable,
  type Zone,
} from './mx-case.ts'

/** Which hosts and in which order; aliases (RFC 5321 §5.1). */
const cases: readonly Case[] = [
  // Which hosts, and in which order.
  { name: 'one MX', zone: { 'd.test': { MX: ['10 m1.test'] }, ...m1 }, want: hosts('m1.test 192.0.2.1') },
  {
    name: 'the lowest preference comes first, whatever the order of the answer',
    zone: { 'd.test': { MX: ['30 m3.test', '10 m1.test', '20 m2.test'] }, ...three },
    want: hosts('m1.test 192.0.2.1', 'm2.test 192.0.2.2', 'm3.test 192.0.2.3'),
  },
  {
    name: 'preference is a number of 16 bits and no text',
    zone: { 'd.test': { MX: ['65535 m3.test', '9 m1.test', '10 m2.test'] }, ...three },
    want: hosts('m1.test 192.0.2.1', 'm2.test 192.0.2.2', 'm3.test 192.0.2.3'),
  },
  {
    name: 'preference 0 with a name is an MX like any other',
    zone: { 'd.test': { MX: ['0 m1.test'] }, ...m1 },
    want: hosts('m1.test 192.0.2.1'),
  },
  {
    name: 'equal preferences are in the order that chance gives',
    zone: { 'd.test': { MX: ['10 m1.test', '10 m2.test'] }, ...three },
    options: { random: () => 0 },
    want: { ...hosts('m2.test 192.0.2.2', 'm1.test 192.0.2.1'), equals: new Set(['m1.test', 'm2.test']) },
  },
  {
    name: 'chance does not reach over preferences',
    zone: { 'd.test': { MX: ['20 m3.test', '20 m2.test', '10 m1.test'] }, ...three },
    options: { random: (below) => below - 1 },
    want: hosts('m1.test 192.0.2.1', 'm3.test 192.0.2.3', 'm2.test 192.0.2.2'),
  },
  {
    name: 'all addresses of a host are tried before the next host, families taking turns',
    zone: {
      'd.test': { MX: ['10 m1.test', '20 m2.test'] },
      'm1.test': { A: ['192.0.2.1', '192.0.2.11'], AAAA: ['2001:db8::1', '2001:db8::2'] },
      ...m2,
    },
    want: hosts(
      'm1.test 2001:db8::1',
      'm1.test 192.0.2.1',
      'm1.test 2001:db8::2',
      'm1.test 192.0.2.11',
      'm2.test 192.0.2.2',
    ),
  },
  {
    name: 'a host with IPv6 alone',
    zone: { 'd.test': { MX: ['10 m6.test'] }, 'm6.test': { AAAA: ['2001:db8::6'] } },
    want: hosts('m6.test 2001:db8::6'),
  },
  {
    name: 'a host named twice is tried once, at its better preference',
    zone: { 'd.test': { MX: ['20 m1.test', '15 m2.test', '10 m1.test'] }, ...three },
    want: hosts('m1.test 192.0.2.1', 'm2.test 192.0.2.2'),
  },
  {
    name: 'two names with one address: one try',
    zone: {
      'd.test': { MX: ['10 m1.test', '20 n1.test'] },
      ...m1,
      'n1.test': { A: ['192.0.2.1'] },
    },
    want: hosts('m1.test 192.0.2.1'),
  },
  {
    name: 'capitals in the exchange',
    zone: { 'd.test': { MX: ['10 M1.TEST'] }, ...m1 },
    want: hosts('m1.test 192.0.2.1'),
  },
  {
    name: 'sixty MX in one answer by TCP: the nearest are tried, as many as the limit allows, and no more are looked up than needed',
    zone: {
      'd.test': {
        MX: (asked) =>
          asked.by === 'udp'
            ? fake.reply(asked, { header: { tc: 1 } })
            : fake.reply(asked, {
                answers: Array.from({ length: 60 }, (_, i) => fake.mx('d.test', 60 - i, `h${60 - i}.test`)),
              }),
      },
      ...Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`h${i + 1}.test`, { A: [`192.0.2.${i + 1}`] }])),
    },
    options: { maxHosts: 3 },
    want: hosts('h1.test 192.0.2.1', 'h2.test 192.0.2.2', 'h3.test 192.0.2.3'),
    never: 'h30.test',
  },
  {
    name: 'a host with a hundred addresses does not hide the next one',
    zone: {
      'd.test': { MX: ['10 wide.test', '20 m2.test'] },
      'wide.test': { A: Array.from({ length: 50 }, (_, i) => `198.51.100.${i}`) },
      ...m2,
    },
    want: { kind: 'hosts', hosts: expect.arrayContaining([{ name: 'm2.test', address: '192.0.2.2', port: 25 }]) },
  },
  {
    name: 'thousands of MX without addresses are not all looked up',
    zone: {
      'd.test': {
        MX: (asked) =>
          asked.by === 'udp'
            ? fake.reply(asked, { header: { tc: 1 } })
            : fake.reply(asked, { answers: Array.from({ length: 500 }, (_, i) => fake.mx('d.test', i, `h${i}.test`)) }),
      },
    },
    want: unusable,
    asked: 'h49.test',
    never: 'h50.test',
  },

  // Aliases.
  {
    name: 'the domain is an alias: the MX of its target',
    zone: {
      'd.test': (asked) =>
        fake.reply(asked, { answers: [fake.cname('d.test', 'e.test'), fake.mx('e.test', 10, 'm1.test')] }),
      ...m1,
    },
    want: hosts('m1.test 192.0.2.1'),
  },
  {
    name: 'the target of an alias is in a zone of somebody else and is asked for',
    zone: {
      'd.test': (asked) => fake.reply(asked, { answers: [fake.cname('d.test', 'e.test')] }),
      'e.test': { MX: ['10 m1.test'] },
      ...m1,
    },
    want: hosts('m1.test 192.0.2.1'),
  },
  {
    name: 'the domain is an alias of a host without MX: the host',
    zone: {
      'd.test': (asked) =>
        asked.type === 'A'
          ? fake.reply(asked, { answers: [fake.cname('d.test', 'm1.test'), fake.a('m1.test', '192.0.2.1')] })
          : fake.reply(asked, { answers: [fake.cname('d.test', 'm1.test')], authorities: [fake.soa('test')] }),
    },
    want: hosts('d.test 192.0.2.1'),
  },
  {
    name: 'the MX is an alias, which RFC 2181 forbids and which is tolerated',
    zone: {
      'd.test': { MX: ['10 alias.test'] },
      'alias.test': (asked) =>
        asked.type === 'A'
          ? fake.reply(asked, { answers: [fake.cname('alias.test', 'm1.test'), fake.a('m1.test', '192.0.2.1')] })
          : fake.reply(asked, { answers: [fake.cname('alias.test', 'm1.test')], authorities: [fake.soa('test')] }),
    },
    want: hosts('alias.test 192.0.2.1'),
  },
  {
    name: 'the alias leads to a name that does not exist',
    zone: {
      'd.test': (asked) =>
        fake.reply(asked, {
          answers: [fake.cname('d.test', 'gone.test')],
          authorities: [fake.soa('test')],
          header: { rcode: 3 },
        }),
    },
    want: noSuchDomain,
  },
  {
    name: 'aliases in a circle, in one answer',
    zone: {
      'd.test': (asked) =>
        fake.reply(asked, { answers: [fake.cname('d.test', 'e.test'), fake.cname('e.test', 'd.test')] }),
    },
    want: failed,
  },
  {
    name: 'aliases in a circle, from answer to answer',
    zone: {
      'd.test': (asked) => fake.reply(asked, { answers: [fake.cname('d.test', 'e.test')] }),
      'e.test': (asked) => fake.reply(asked, { answers: [fake.cname('e.test', 'd.test')] }),
    },
    want: failed,
  },
  {
    name: 'an alias of itself',
    zone: { 'd.test': (asked) => fake.reply(asked, { answers: [fake.cname('d.test', 'd.test')] }) },
    want: failed,
  },
  {
    name: 'a stranger whose MX is this machine, whoever listens there, brings no mail to it',
    zone: { 'd.test': { MX: ['10 m1.test', '20 m2.test'] }, 'm1.test': { A: ['127.0.0.9'] }, ...m2 },
    want: loop,
  },
  {
    name: 'of hosts that are nearer than that one the mail is taken',
    zone: { 'd.test': { MX: ['10 m2.test', '20 m1.test'] }, 'm1.test': { AAAA: ['::1'] }, ...m2 },
    want: hosts('m2.test 192.0.2.2'),
  },
  { name: 'eight aliases are followed', zone: chain(8), want: hosts('m1.test 192.0.2.1') },
  { name: 'nine aliases are too many', zone: chain(9), want: failed },
  {
    name: 'aliases without end, a new name in each answer, do not go on for ever',
    zone: new Proxy(
      {},
      { get: () => (asked: fake.Asked) => fake.reply(asked, { answers: [fake.cname(asked.name, `x${asked.name}`)] }) },
    ),
    want: failed,
  },
]

describe('MX choice', () => {
  testCases(cases)

  test('equal preferences share the load: each comes first about as often', async () => {
    const zone: Zone = {
      'd.test': { MX: ['10 m1.test', '10 m2.test', '10 m3.test'] },
      ...three,
    }
    const server = await fake.fakeServer((asked) => say(zone, asked))
    const resolver = resolverOf(server.settings)
    const first = new Map<string, number>()
    for (let i = 0; i < 600; i++) {
      const found = await mxHosts(d('d.test'), 25, resolver, { random: randomInt, isSelf: () => false })
      if (found.kind !== 'hosts') throw new Error(found.why)
      expect(found.hosts).toHaveLength(3)
      const { name } = found.hosts[0]!
      first.set(name, (first.get(name) ?? 0) + 1)
    }
    // 200 each; 120 or fewer has a chance below one in 10^11.
    for (const count of first.values()) expect(count).toBeGreaterThan(120)
    expect([...first.keys()].sort()).toEqual(['m1.test', 'm2.test', 'm3.test'])
  })
})
