import { describe } from 'vitest'
import * as fake from '../dns/fake-server.ts'
import { badId, bomb, type Case, failed, hosts, m1, noSuchDomain, nullMx, silence, testCases } from './mx-case.ts'

/** What is taken for an absence, and what is not (RFC 5321 §5.1). */
const cases: readonly Case[] = [
  // No MX: the domain's own address, and only when that is sure.
  {
    name: 'no MX: the address of the domain',
    zone: { 'd.test': { A: ['192.0.2.7'] } },
    want: hosts('d.test 192.0.2.7'),
  },
  {
    name: 'no MX: the IPv6 address of the domain',
    zone: { 'd.test': { AAAA: ['2001:db8::7'] } },
    want: hosts('d.test 2001:db8::7'),
  },
  {
    name: 'no MX and no SOA in an empty answer: still the address',
    zone: { 'd.test': { MX: (asked) => fake.reply(asked), A: ['192.0.2.7'] } },
    want: hosts('d.test 192.0.2.7'),
  },
  { name: 'no MX and no address: nothing to deliver to', zone: { 'd.test': {} }, want: noSuchDomain },
  { name: 'no such domain', zone: {}, want: noSuchDomain, never: 'd.test A' },
  { name: 'no such domain, and not asked for its addresses', zone: {}, want: noSuchDomain, never: 'd.test AAAA' },
  {
    name: 'SERVFAIL for MX: wait, though the domain has an address',
    zone: { 'd.test': { MX: fake.servfail, A: ['192.0.2.7'] } },
    want: failed,
    never: 'd.test A',
  },
  {
    name: 'REFUSED for MX: wait',
    zone: { 'd.test': { MX: fake.refused, A: ['192.0.2.7'] } },
    want: failed,
    never: 'd.test A',
  },
  {
    name: 'FORMERR for MX: wait',
    zone: { 'd.test': { MX: (asked) => fake.reply(asked, { header: { rcode: 1 } }), A: ['192.0.2.7'] } },
    want: failed,
  },
  {
    name: 'silence for MX: wait',
    zone: { 'd.test': { MX: silence, A: ['192.0.2.7'] } },
    silent: true,
    want: failed,
    never: 'd.test A',
  },
  {
    name: 'SERVFAIL once, then an answer',
    zone: {
      'd.test': {
        MX: (asked) =>
          asked.nth === 0 ? fake.servfail(asked) : fake.reply(asked, { answers: [fake.mx('d.test', 10, 'm1.test')] }),
      },
      ...m1,
    },
    attempts: 2,
    want: hosts('m1.test 192.0.2.1'),
  },
  {
    name: 'no MX, SERVFAIL for the address: wait',
    zone: { 'd.test': { A: fake.servfail, AAAA: fake.servfail } },
    want: failed,
  },
  {
    name: 'no MX, no A, silence for AAAA: wait, for it may have one',
    zone: { 'd.test': { AAAA: silence } },
    silent: true,
    want: failed,
  },
  {
    name: 'no MX, an A, silence for AAAA: the A',
    zone: { 'd.test': { A: ['192.0.2.7'], AAAA: silence } },
    silent: true,
    want: hosts('d.test 192.0.2.7'),
  },

  // Answers that are none.
  {
    name: 'NXDOMAIN beside an MX contradicts itself: wait',
    zone: {
      'd.test': (asked) => fake.reply(asked, { answers: [fake.mx('d.test', 10, 'm1.test')], header: { rcode: 3 } }),
      ...m1,
    },
    want: failed,
  },
  {
    name: 'a referral in place of an answer: wait',
    zone: {
      'd.test': {
        MX: (asked) => fake.reply(asked, { authorities: [fake.ns('test', 'ns.test')], header: { ra: 0 } }),
        A: ['192.0.2.7'],
      },
    },
    want: failed,
  },
  {
    name: 'the answer is to another name: wait',
    zone: {
      'd.test': { MX: (asked) => fake.reply(asked, { answers: [fake.mx('e.test', 10, 'm1.test')] }), A: ['192.0.2.7'] },
    },
    want: failed,
  },
  {
    name: 'the answer is of another type: wait',
    zone: {
      'd.test': { MX: (asked) => fake.reply(asked, { answers: [fake.a('d.test', '192.0.2.66')] }), A: ['192.0.2.7'] },
    },
    want: failed,
  },
  {
    name: 'the answer is of class CHAOS: wait',
    zone: {
      'd.test': {
        MX: (asked) => fake.reply(asked, { answers: [{ ...fake.mx('d.test', 10, 'm1.test'), class: 3 }] }),
        A: ['192.0.2.7'],
      },
    },
    want: failed,
  },
  { name: 'a reply with another id is not heard', zone: { 'd.test': { MX: badId } }, silent: true, want: failed },
  {
    name: 'a truncated answer whose whole is silence: wait, though MX were in it',
    zone: {
      'd.test': {
        MX: (asked) =>
          asked.by === 'tcp'
            ? null
            : fake.reply(asked, { answers: [fake.mx('d.test', 10, 'm1.test')], header: { tc: 1 } }),
      },
      ...m1,
    },
    silent: true,
    want: failed,
  },
  {
    name: 'a truncated answer without MX is no absence',
    zone: {
      'd.test': {
        MX: (asked) =>
          fake.reply(
            asked,
            asked.by === 'udp' ? { header: { tc: 1 } } : { answers: [fake.mx('d.test', 10, 'm1.test')] },
          ),
        A: ['192.0.2.7'],
      },
      ...m1,
    },
    want: hosts('m1.test 192.0.2.1'),
  },
  {
    name: 'a record that is cut short: wait',
    zone: {
      'd.test': {
        MX: (asked) => {
          const whole = fake.reply(asked, { answers: [fake.mx('d.test', 10, 'm1.test')] }).toBuffer()
          return whole.subarray(0, whole.length - 3)
        },
        A: ['192.0.2.7'],
      },
    },
    want: failed,
  },
  {
    name: 'a name that points at itself: wait',
    zone: { 'd.test': { MX: (asked) => bomb(asked), A: ['192.0.2.7'] } },
    want: failed,
  },

  // Null MX.
  {
    name: 'null MX takes no mail, though the domain has an address',
    zone: { 'd.test': { MX: ['0 '], A: ['192.0.2.7'] } },
    want: nullMx,
    never: 'd.test A',
  },
  { name: 'null MX of another preference is one all the same', zone: { 'd.test': { MX: ['10 '] } }, want: nullMx },
  {
    name: 'null MX twice',
    zone: {
      'd.test': { MX: ['0 ', '10 '] },
    },
    want: nullMx,
  },
  {
    name: 'null MX beside another MX means nothing',
    zone: { 'd.test': { MX: ['0 ', '10 m1.test'] }, ...m1 },
    want: hosts('m1.test 192.0.2.1'),
  },
  {
    name: 'an alias of a domain with null MX',
    zone: {
      'd.test': (asked) => fake.reply(asked, { answers: [fake.cname('d.test', 'e.test'), fake.mx('e.test', 0, '')] }),
    },
    want: nullMx,
  },
]

describe('MX choice', () => {
  testCases(cases)
})
