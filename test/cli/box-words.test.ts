import { expect, test } from 'vitest'
import {
  boxRows,
  boxSentence,
  clientWords,
  moverWords,
  recipientWords,
  rowsBeyond,
  senderWords,
} from '../../src/cli/plan/box-words.ts'
import { lineSentence } from '../../src/cli/plan/line-words.ts'
import { type Box, everyMessage, type PatternSet } from '../../src/graph/box.ts'

const set = (...parts: readonly (string | readonly [string, ...string[]])[]): PatternSet =>
  parts.map((part) => {
    const [pattern, ...except] = typeof part === 'string' ? [part] : part
    return { pattern, except }
  })
const names = new Map([
  ['10.0.0.0/8', 'trusted'],
  ['192.168.0.0/16', 'trusted'],
  ['10.1.2.3/32', 'client scanner'],
])
const nameOf = (network: string) => names.get(network) ?? null

test.each<[PatternSet | null, string]>([
  [null, 'any client'],
  [set(), 'no client'],
  [set('0.0.0.0/0', '::/0'), 'any client'],
  [set('0.0.0.0/0'), 'any IPv4 client'],
  [set(['::/0', '2001:db8::1/128']), 'any IPv6 client except 2001:db8::1'],
  [set('10.1.2.3/32'), '10.1.2.3 (client scanner)'],
  [set('2001:db8::/32'), '2001:db8::/32'],
  [set('10.0.0.0/8', '192.168.0.0/16'), '10.0.0.0/8 or 192.168.0.0/16 (trusted)'],
  [set('10.0.0.0/8', '172.16.0.0/12'), '10.0.0.0/8 (trusted) or 172.16.0.0/12'],
  [set(['10.0.0.0/8', '10.1.2.3/32']), '10.0.0.0/8 (trusted) except 10.1.2.3 (client scanner)'],
  [
    set(['0.0.0.0/0', '10.0.0.0/8', '192.168.0.0/16'], '::/0'),
    'any client except 10.0.0.0/8 and 192.168.0.0/16 (trusted)',
  ],
  // What is left is said, where that is no longer: half of a block, but not a block without one host.
  [set(['192.0.2.0/23', '192.0.2.0/24']), '192.0.3.0/24'],
  [set(['10.0.0.0/8', '10.0.0.0/9', '10.128.0.0/10']), '10.192.0.0/10'],
  [set(['192.0.2.0/24', '192.0.2.0/26']), '192.0.2.64/26 or 192.0.2.128/25'],
  [set(['192.0.2.0/24', '192.0.2.9/32']), '192.0.2.0/24 except 192.0.2.9'],
  [set(['2001:db8::/32', '2001:db8:8000::/33']), '2001:db8::/33'],
])('clients %j read "%s"', (clients, words) => expect(clientWords(clients, nameOf)).toBe(words))

test.each<[PatternSet | null, string]>([
  [null, 'any sender'],
  [set('<>'), 'the null sender <> (notifications)'],
  [set('*'), 'any sender but the null one <>'],
  [set('*', '<>'), 'any sender'],
  [set(['*', 'spam.example'], '<>'), 'any sender except spam.example'],
  [set('a@b.example'), 'a@b.example'],
])('senders %j read "%s"', (senders, words) => expect(senderWords(senders)).toBe(words))

test.each<[PatternSet | null, string]>([
  [null, 'anybody'],
  [set('b.example'), 'anybody at b.example'],
  [set('*.b.example'), 'anybody at a domain under b.example'],
  [set('b.example', '*.b.example'), 'anybody at b.example or anybody at a domain under b.example'],
  [set('ann@b.example'), 'ann@b.example'],
  [set('postmaster@*'), 'postmaster at any domain'],
  [set('abuse@*.b.example'), 'abuse at a domain under b.example'],
  [
    set(['*', 'x@c.example', 'b.example', '*.b.example']),
    'anybody except b.example, domains under b.example and x@c.example',
  ],
  [set(['b.example', 'abuse@b.example']), 'anybody at b.example except abuse@b.example'],
])('recipients %j read "%s"', (recipients, words) => expect(recipientWords(recipients)).toBe(words))

test.each<[PatternSet, string]>([
  [set('b.example', 'x@c.example', '*.a.example'), 'b.example, domains under a.example and x@c.example'],
  [set(['*', 'b.example']), 'anybody except b.example'],
  [set(['b.example', 'joe@b.example']), 'b.example except joe@b.example'],
])('who makes the move: %j reads "%s"', (recipients, words) => expect(moverWords(recipients)).toBe(words))

test('a long list names the first few and counts the rest', () => {
  const domains = Array.from({ length: 40 }, (_, i) => `d${i}.example`)
  expect(recipientWords(set(...domains))).toBe(
    `${domains
      .slice(0, 6)
      .map((domain) => `anybody at ${domain}`)
      .join(', ')} or 34 more`,
  )
})

test('a sentence leaves out what goes without saying, the rows say it', () => {
  const box = {
    ...everyMessage,
    recipients: set('b.example'),
    sizes: [{ overBytes: null, upToBytes: 20 * 1024 * 1024 }],
    hops: [{ over: null, upTo: 100 }],
  }
  expect(boxSentence(box, nameOf)).toBe('to anybody at b.example')
  expect(boxRows(box, nameOf)).toEqual([
    ['client', 'any client'],
    ['recipient', 'anybody at b.example'],
    ['size', 'at most 20 MiB'],
    ['hops', 'at most 100 Received lines'],
  ])
})

test('below a heading stand the rows that say more than it does', () => {
  const box = {
    ...everyMessage,
    clients: set('10.0.0.0/8'),
    recipients: set('b.example'),
    sizes: [{ overBytes: null, upToBytes: 20 * 1024 * 1024 }],
    oracles: { 'dnsbl.zen': ['listed'] as const },
  }
  const rows = rowsBeyond(boxSentence(box, nameOf), boxRows(box, nameOf))
  expect(rows).toEqual([
    ['size', 'at most 20 MiB'],
    ['when', 'dnsbl.zen says listed'],
  ])
  expect(rowsBeyond('all mail', boxRows(everyMessage, nameOf))).toEqual([])
})

test('every dimension of a box stands in its sentence and in its rows', () => {
  const box = {
    listeners: ['outside', 'inside'],
    clients: set('10.0.0.0/8'),
    senders: set('<>'),
    recipients: set('b.example'),
    sizes: [{ overBytes: 1000, upToBytes: 3_000_000 }],
    hops: [{ over: 100, upTo: null }],
    oracles: { 'dnsbl.zen': ['listed', 'error'] as const, 'dnsbl.other': ['clear'] as const },
  }
  expect(boxSentence(box, nameOf)).toBe(
    'from 10.0.0.0/8 (trusted) sent as the null sender <> (notifications) to anybody at b.example at listener outside or inside of more than 1000 octets and at most 2.9 MiB (3,000,000 octets) with more than 100 Received lines when dnsbl.zen says listed or error and dnsbl.other says clear',
  )
  expect(boxRows(box, nameOf).map(([label]) => label)).toEqual([
    'client',
    'listener',
    'sender',
    'recipient',
    'size',
    'hops',
    'when',
  ])
})

test('what a box says of the line reads as one would say it', () => {
  const part = (pattern: string, ...except: string[]) => ({ pattern, except })
  const onLine = (line: Partial<Box>) => lineSentence({ ...everyMessage, ...line })
  expect(onLine({ tls: false, logins: [part('*')] })).toBe('logged in as anybody without TLS')
  expect(onLine({ tls: true, logins: [part('<none>')] })).toBe('not logged in over TLS')
  expect(onLine({ logins: [part('*', '*@b.example'), part('<none>')] })).toBe(
    'logged in as anybody except anybody at b.example or nobody',
  )
  // Nobody shows a certificate on another line.
  const digest = `sha256:${'ab'.repeat(32)}`
  expect(onLine({ tls: true, certificates: [part(digest)] })).toBe('with certificate sha256:abababababababab...')
  expect(onLine({ helos: [part('*.b.example'), part('c.example')] })).toBe(
    'that says HELO a name under b.example or c.example',
  )
  const everything = { ...everyMessage, tls: true, logins: [part('ann')], helos: [part('*')] }
  expect(boxRows(everything, nameOf)).toEqual([
    ['client', 'any client'],
    ['line', 'over TLS'],
    ['login', 'ann'],
    ['HELO', 'anything'],
    ['recipient', 'anybody'],
  ])
})
