import { describe } from 'vitest'
import * as fake from '../dns/fake-server.ts'
import {
  type Case,
  denying,
  dotted,
  failed,
  hosts,
  label63,
  loop,
  m1,
  m2,
  noSuchDomain,
  silence,
  testCases,
  three,
  unusable,
  weAre,
} from './mx-case.ts'

/** MX hosts that cannot be used, are ourselves or are forbidden; odd names (RFC 5321 §5.1). */
const cases: readonly Case[] = [
  // MX without usable hosts.
  {
    name: 'the only MX does not exist, though the domain has an address',
    zone: { 'd.test': { MX: ['10 gone.test'], A: ['192.0.2.7'] } },
    want: unusable,
    never: 'd.test A',
  },
  {
    name: 'the only MX has no address',
    zone: { 'd.test': { MX: ['10 m.test'], A: ['192.0.2.7'] }, 'm.test': {} },
    want: unusable,
    never: 'd.test A',
  },
  {
    name: 'the only MX cannot be looked up: wait',
    zone: { 'd.test': { MX: ['10 m.test'], A: ['192.0.2.7'] }, 'm.test': fake.servfail },
    want: failed,
    never: 'd.test A',
  },
  {
    name: 'the first MX does not exist: the second',
    zone: { 'd.test': { MX: ['10 gone.test', '20 m2.test'] }, ...m2 },
    want: hosts('m2.test 192.0.2.2'),
  },
  {
    name: 'the first MX cannot be looked up: the second',
    zone: {
      'd.test': { MX: ['10 m.test', '20 m2.test'] },
      'm.test': fake.servfail,
      ...m2,
    },
    want: hosts('m2.test 192.0.2.2'),
  },
  {
    name: 'the first MX is silent: the second',
    zone: {
      'd.test': { MX: ['10 m.test', '20 m2.test'] },
      'm.test': silence,
      ...m2,
    },
    silent: true,
    want: hosts('m2.test 192.0.2.2'),
  },
  {
    name: 'one MX does not exist, the other cannot be looked up: wait',
    zone: {
      'd.test': { MX: ['10 gone.test', '20 m.test'] },
      'm.test': fake.servfail,
    },
    want: failed,
  },
  {
    name: 'an MX that is the text of an address is none',
    zone: { 'd.test': { MX: ['10 192.0.2.9'], A: ['192.0.2.7'] } },
    want: unusable,
    never: '192.0.2.9',
  },
  {
    name: 'an MX that is the text of an address beside a good one',
    zone: { 'd.test': { MX: ['10 192.0.2.9', '20 m2.test'] }, ...m2 },
    want: hosts('m2.test 192.0.2.2'),
  },
  {
    name: 'an MX with a space, a bracket and an umlaut in its name',
    zone: {
      'd.test': {
        MX: ['10 a b.test', '10 [192.0.2.9]', '10 m\u00fc.test'],
      },
    },
    want: unusable,
  },
  {
    name: 'an MX with a dot inside of a label is not the name without',
    zone: { 'd.test': { MX: (asked) => dotted(asked) }, 'evil.m1.test': { A: ['192.0.2.66'] } },
    want: unusable,
    never: 'evil.m1.test',
  },
  {
    name: 'an MX with an underscore is tolerated',
    zone: { 'd.test': { MX: ['10 m_1.test'] }, 'm_1.test': { A: ['192.0.2.1'] } },
    want: hosts('m_1.test 192.0.2.1'),
  },
  {
    name: 'an MX called localhost is this machine, unasked',
    zone: { 'd.test': { MX: ['10 localhost'] } },
    want: loop,
    never: 'localhost',
  },
  {
    name: 'an MX at 0.0.0.0 is nothing to connect to',
    zone: { 'd.test': { MX: ['10 m.test'] }, 'm.test': { A: ['0.0.0.0'], AAAA: ['::'] } },
    want: unusable,
  },
  {
    name: 'an MX at a multicast address is passed over',
    zone: { 'd.test': { MX: ['10 m.test'] }, 'm.test': { A: ['224.0.0.1', '255.255.255.255', '192.0.2.5'] } },
    want: hosts('m.test 192.0.2.5'),
  },

  // Ourselves.
  {
    name: 'we are the only MX by name',
    zone: { 'd.test': { MX: ['10 we.test'] } },
    options: weAre(),
    want: loop,
    never: 'we.test',
  },
  {
    name: 'we are the only MX by address',
    zone: { 'd.test': { MX: ['10 m1.test'] }, ...m1 },
    options: weAre('192.0.2.1'),
    want: loop,
  },
  {
    name: 'we are the backup: the nearer hosts alone',
    zone: { 'd.test': { MX: ['10 m1.test', '20 we.test', '30 m3.test'] }, ...three },
    options: weAre(),
    want: hosts('m1.test 192.0.2.1'),
  },
  {
    name: 'as far as we are is too far',
    zone: { 'd.test': { MX: ['10 m1.test', '20 m2.test', '20 we.test'] }, ...three },
    options: weAre(),
    want: hosts('m1.test 192.0.2.1'),
  },
  {
    name: 'as far as we are by address is too far',
    zone: { 'd.test': { MX: ['10 m1.test', '20 m2.test', '20 m3.test'] }, ...three },
    options: weAre('192.0.2.3'),
    want: hosts('m1.test 192.0.2.1'),
  },
  {
    name: 'we are the nearest: a loop, whatever else there is',
    zone: { 'd.test': { MX: ['10 we.test', '20 m2.test'] }, ...m2 },
    options: weAre(),
    want: loop,
  },
  {
    name: 'we are the backup and the nearer host cannot be looked up: wait',
    zone: {
      'd.test': { MX: ['10 m.test', '20 we.test'] },
      'm.test': fake.servfail,
    },
    options: weAre(),
    want: failed,
  },
  {
    name: 'we are the backup and the nearer host does not exist: a loop',
    zone: {
      'd.test': { MX: ['10 gone.test', '20 we.test'] },
    },
    options: weAre(),
    want: loop,
  },
  {
    name: 'one of two addresses of a host is ours: the host is',
    zone: { 'd.test': { MX: ['10 m.test'] }, 'm.test': { A: ['192.0.2.1', '192.0.2.5'] } },
    options: weAre('192.0.2.1'),
    want: loop,
  },
  {
    name: 'listening everywhere, each address of the machine is ours',
    zone: { 'd.test': { MX: ['10 m.test'] }, 'm.test': { A: ['192.0.2.200'] } },
    options: weAre('0.0.0.0'),
    want: loop,
  },
  {
    name: 'listening everywhere, loopback is ours',
    zone: { 'd.test': { MX: ['10 m.test'] }, 'm.test': { A: ['127.0.0.77'] } },
    options: weAre('::'),
    want: loop,
  },
  {
    name: 'no MX, and the address is ours',
    zone: { 'd.test': { A: ['192.0.2.1'] } },
    options: weAre('192.0.2.1'),
    want: loop,
  },

  // Destinations that the document forbids.
  {
    name: 'a forbidden address is left out',
    zone: { 'd.test': { MX: ['10 m1.test', '20 m2.test'] }, ...three },
    options: denying('192.0.2.1'),
    want: hosts('m2.test 192.0.2.2'),
  },
  {
    name: 'all addresses are forbidden: the reply of the rule',
    zone: { 'd.test': { MX: ['10 m1.test'] }, ...m1 },
    options: denying('192.0.2.1'),
    want: { kind: 'refused', code: 550, status: '5.7.1', why: 'not there' },
  },
  {
    name: 'one is forbidden and the other cannot be looked up: wait',
    zone: {
      'd.test': { MX: ['10 m1.test', '20 m.test'] },
      ...m1,
      'm.test': fake.servfail,
    },
    options: denying('192.0.2.1'),
    want: failed,
  },

  // Names.
  {
    name: 'a domain in U-labels is asked in A-labels',
    domain: 'b\u00fccher.test',
    zone: { 'xn--bcher-kva.test': { MX: ['10 m1.test'] }, ...m1 },
    want: hosts('m1.test 192.0.2.1'),
  },
  {
    name: 'a label of 63 octets',
    domain: `${label63}.test`,
    zone: { [`${label63}.test`]: { MX: ['10 m1.test'] }, ...m1 },
    want: hosts('m1.test 192.0.2.1'),
  },
  {
    name: 'a label of 64 octets cannot exist, and nobody is asked',
    domain: `${label63}a.test`,
    zone: {},
    want: noSuchDomain,
    never: `${label63}a.test`,
  },
  { name: 'a name of 260 octets cannot exist', domain: `${`${label63}.`.repeat(4)}test`, zone: {}, want: noSuchDomain },
  {
    name: 'a domain with an underscore',
    domain: '_d.test',
    zone: { '_d.test': { MX: ['10 m1.test'] }, ...m1 },
    want: hosts('m1.test 192.0.2.1'),
  },
  {
    name: 'a domain of one label',
    domain: 'test',
    zone: { test: { MX: ['10 m1.test'] }, ...m1 },
    want: hosts('m1.test 192.0.2.1'),
  },
  {
    name: 'localhost has no MX and is this machine',
    domain: 'localhost',
    zone: {},
    want: loop,
    never: 'localhost',
  },
  {
    name: 'a name below invalid does not exist, unasked',
    domain: 'd.invalid',
    zone: {},
    want: noSuchDomain,
    never: 'd.invalid',
  },
  { name: 'an address literal is its own host', domain: '[192.0.2.8]', zone: {}, want: hosts('192.0.2.8 192.0.2.8') },
  {
    name: 'an IPv6 literal is its own host',
    domain: '[IPv6:2001:db8::8]',
    zone: {},
    want: hosts('2001:db8::8 2001:db8::8'),
  },
  { name: 'a literal that is us', domain: '[192.0.2.1]', zone: {}, options: weAre('192.0.2.1'), want: loop },
]

describe('MX choice', () => {
  testCases(cases)
})
