import fc from 'fast-check'
import type { Document, PlainTarget, Target, Unknown } from '../../src/config/document.ts'
import { leaves } from '../../src/config/target-kinds.ts'
import {
  aDocument,
  alias,
  client,
  deny,
  domain,
  list,
  listener,
  mailbox,
  route,
  type Said,
} from '../compile/a-document.ts'

/**
 * Small documents over few names, so that rows meet, hide and cover each other all the time, and questions that hit the
 * edges of them. Rows are keyed by what they say: the order in which they come must not matter.
 */
const domainPatterns = [
  'a.test',
  '*.a.test',
  'b.a.test',
  '*.b.a.test',
  'c.test',
  '*.c.test',
  '*.test',
  'test',
  '*',
  'd.c.test',
]
const hosts = [
  'a.test',
  'b.a.test',
  'x.a.test',
  'x.b.a.test',
  'y.x.b.a.test',
  'c.test',
  'd.c.test',
  'e.d.c.test',
  'test',
  'f.test',
  'other.example',
  'gw.example.com',
]
const localParts = ['joe', 'ann', 'info', 'postmaster', 'abuse', 'x.y', 'bj\u00f6rn']
const spelled = [
  'joe',
  'Joe',
  'ann',
  'INFO',
  'Postmaster',
  'abuse',
  'x.y',
  'BJ\u00d6RN',
  'nobody',
  '"quoted @ part"',
  '"*.x"',
]
const networks = [
  '10.0.0.0/8',
  '10.0.0.0/16',
  '10.0.0.0/32',
  '0.0.0.0/1',
  '::/128',
  '2001:db8::/48',
  '10.1.0.0/16',
  '10.1.2.0/24',
  '10.1.2.3/32',
  '0.0.0.0/0',
  '128.0.0.0/1',
  '192.0.2.128/25',
  '255.255.255.255/32',
  '::/0',
  '2001:db8::/32',
  '2001:db8:1::/48',
  '2001:db8:1::5/128',
  '8000::/1',
  'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128',
]
const addresses = [
  '0.0.0.0',
  '9.255.255.255',
  '10.0.0.0',
  '10.1.1.255',
  '10.1.2.0',
  '10.1.2.3',
  '10.1.2.4',
  '10.255.255.255',
  '11.0.0.0',
  '127.255.255.255',
  '128.0.0.0',
  '192.0.2.127',
  '192.0.2.128',
  '255.255.255.254',
  '255.255.255.255',
  '::',
  '::1',
  '2001:db7:ffff:ffff:ffff:ffff:ffff:ffff',
  '2001:db8::',
  '2001:db8:1::5',
  '2001:db8:1::6',
  '2001:db9::',
  '8000::',
  'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
]
const listeners = ['mx', 'lan', 'sub']
const sizes = [0, 99, 100, 101, 1000, 1001, 5_000_000_000, 5_000_000_001]

const some = <T>(values: readonly T[], maxLength = 3) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 0, maxLength })
const atLeastOne = <T>(values: readonly T[], maxLength = 3) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength })
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 2 })
const mailboxText = fc.tuple(fc.constantFrom(...localParts), fc.constantFrom(...hosts)).map(([l, d]) => `${l}@${d}`)
const pattern = fc.oneof(fc.constantFrom(...domainPatterns), mailboxText)
const senderPattern = fc.oneof({ weight: 6, arbitrary: pattern }, { weight: 1, arbitrary: fc.constant('<>') })
const patterns = (of: fc.Arbitrary<string>) => fc.uniqueArray(of, { minLength: 1, maxLength: 3 })

const plainTarget: fc.Arbitrary<PlainTarget> = fc.oneof(
  fc.constant({ kind: 'relay', relay: 'isp' } as const),
  fc.constantFrom('one', '192.0.2.7').map(
    (host) =>
      ({
        kind: 'hosts',
        hosts: [
          { host, port: 26 },
          { host: 'two', port: 25 },
        ],
      }) as const,
  ),
  fc.constantFrom('may', 'verify').map((tls) => ({ kind: 'mx', tls }) as const),
  fc.constant({ kind: 'deliver', dir: 'elsewhere' } as const),
  fc.constant({ kind: 'hold', reason: 'moving' } as const),
  fc.constant({ kind: 'discard' } as const),
  fc.constant({ kind: 'reject', code: 556, status: '5.1.10', text: 'no mail here' } as const),
)
/** Where mail goes by its sender, always with a way for those that no row names. */
const bySender: fc.Arbitrary<Target> = fc
  .tuple(
    fc.uniqueArray(
      fc.tuple(
        senderPattern.filter((one) => one !== '*'),
        plainTarget.filter(({ kind }) => kind !== 'deliver'),
      ),
      { selector: ([pattern]) => pattern, maxLength: 3 },
    ),
    plainTarget.filter(({ kind }) => kind !== 'deliver'),
  )
  .map(([named, others]) => ({
    kind: 'by-sender',
    rows: [...named, ['*', others] as const].map(([pattern, target]) => ({
      at: `bySender[${JSON.stringify(pattern)}]`,
      pattern,
      target,
    })),
  }))
/** Each row has its own place. */
const placed = (target: Target, pattern: string): Target =>
  target.kind !== 'by-sender'
    ? target
    : { ...target, rows: target.rows.map((row) => ({ ...row, at: `localMx["${pattern}"].${row.at}` })) }
const target: fc.Arbitrary<Target> = fc.oneof({ weight: 5, arbitrary: plainTarget }, { weight: 1, arbitrary: bySender })
const unknown: fc.Arbitrary<Unknown> = fc.oneof(
  fc.constant({ kind: 'reject' } as const),
  fc.constant({ kind: 'park' } as const),
  mailboxText.map((to) => ({ kind: 'catch-all', to: mailbox(to) }) as const),
)

const denyRule = fc
  .oneof(
    fc.record({ client: atLeastOne(networks) }),
    fc.record({ sender: patterns(senderPattern) }),
    fc.record({ recipient: patterns(pattern) }),
    fc.record({ destination: atLeastOne(networks) }),
    fc.record(
      {
        client: atLeastOne(networks),
        sender: patterns(senderPattern),
        recipient: patterns(pattern),
        sizeOverBytes: fc.constantFrom(...sizes),
        listeners: atLeastOne(listeners, 2),
      },
      { requiredKeys: [] },
    ),
  )
  .filter((when) => Object.values(when).some((value) => value !== undefined))
  .chain((when) =>
    fc
      .constantFrom([550, '5.7.1'], [451, '4.7.1'], [521, '5.3.2'])
      .map(([code, status]) => ({ when, code: code as number, status: status as string })),
  )

export const randomDocument: fc.Arbitrary<Document> = fc
  .record({
    domains: fc.uniqueArray(
      fc.tuple(fc.constantFrom(...domainPatterns), fc.constantFrom('local', 'relay'), maybe(some(localParts)), unknown),
      { selector: ([pattern]) => pattern, maxLength: 4 },
    ),
    clients: fc.array(
      fc.record({
        networks: some(networks, 4),
        internal: fc.boolean(),
        senders: maybe(patterns(senderPattern)),
        recipients: maybe(patterns(pattern)),
        maxSizeBytes: maybe(fc.constantFrom(...sizes)),
      }),
      { maxLength: 4 },
    ),
    relaying: fc.constantFrom('local-only', 'outbound', 'two-way', 'open'),
    localMx: fc.uniqueArray(fc.tuple(fc.constantFrom(...domainPatterns), target), {
      selector: ([pattern]) => pattern,
      maxLength: 6,
    }),
    hasDefault: fc.boolean(),
    dnsbl: fc.array(
      fc.record({
        listeners: maybe(some(listeners, 2)),
        onError: fc.constantFrom('ignore', 'defer'),
        code: fc.constantFrom(554, 450),
      }),
      { maxLength: 3 },
    ),
    deny: fc.array(denyRule, { maxLength: 8 }),
    aliases: fc.uniqueArray(fc.tuple(mailboxText, fc.uniqueArray(mailboxText, { minLength: 1, maxLength: 3 })), {
      selector: ([from]) => from,
      maxLength: 3,
    }),
    postmaster: mailboxText,
    sizes: fc.tuple(...listeners.map(() => fc.constantFrom(...sizes))),
  })
  .map((random) => {
    const taken = new Set<string>()
    const relayed = (pattern: string) => random.domains.some(([own, kind]) => own === pattern && kind === 'local')
    return aDocument({
      postmaster: mailbox(random.postmaster),
      listeners: listeners.map((name, i) => listener(name, name === 'mx' ? 'mx' : 'internal', random.sizes[i]!)),
      domains: random.domains.map(([pattern, kind, recipients, unknown]) =>
        domain(pattern, kind as 'local', recipients, unknown),
      ),
      clients: random.clients.map(({ networks, ...rest }, i) =>
        client(
          `client${i}`,
          networks.filter((network) => !taken.has(network) && taken.add(network)),
          rest,
        ),
      ),
      relaying:
        random.relaying === 'open'
          ? { kind: 'open', reason: 'lab', until: '2030-01-01', at: 'relaying' }
          : { kind: random.relaying as 'outbound', at: 'relaying' },
      localMx: [
        ...random.localMx.filter(([pattern, target]) => !(relayed(pattern) && leaves(target))),
        ...(random.hasDefault && !relayed('*') && !random.localMx.some(([pattern]) => pattern === '*')
          ? [['*', { kind: 'relay', relay: 'isp' }] as const]
          : []),
      ].map(([pattern, target]) => route(pattern, placed(target, pattern))),
      dnsbl: random.dnsbl.map(({ listeners, onError, code }, i) =>
        list(`list${i}`, { listeners, onError: onError as 'ignore', onListed: { code, text: `listed ${i}` } }),
      ),
      deny: random.deny.map(({ when, code, status }, i) =>
        deny(i, Object.fromEntries(Object.entries(when).filter(([, value]) => value !== undefined)), {
          code,
          status,
          text: `rule ${i}`,
        }),
      ),
      aliases: random.aliases.map(([from, to]) => alias(from, ...to)),
    })
  })

const spelledMailbox = fc.tuple(fc.constantFrom(...spelled), fc.constantFrom(...hosts)).map(([l, d]) => `${l}@${d}`)

export const randomQuestion: fc.Arbitrary<Said> = fc.record(
  {
    listener: fc.constantFrom(...listeners, 'elsewhere'),
    client: fc.constantFrom(...addresses),
    sender: fc.oneof(fc.constant('<>'), spelledMailbox),
    recipient: spelledMailbox,
    sizeBytes: fc.constantFrom(...sizes),
    hops: fc.constantFrom(0, 100, 101),
    destination: fc.constantFrom(...addresses),
  },
  { requiredKeys: ['listener', 'client'] },
)
