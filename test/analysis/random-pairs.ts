import fc from 'fast-check'
import { compile } from '../../src/compile/compile.ts'
import type { Document } from '../../src/config/document.ts'
import { type Bundle, makeBundle } from '../../src/graph/bundle.ts'
import type { Described } from '../../src/graph/explanation.ts'
import type { Outcome } from '../../src/graph/graph.ts'
import { noSources } from '../../src/graph/sources.ts'
import type { IpAddress } from '../../src/mail/ip.ts'
import type { TlsLevel } from '../../src/mail/settings.ts'
import { mailbox } from '../compile/a-document.ts'
import { randomDocument } from '../graph/random-document.ts'
import { apart, pick, type Random, randomLine, randomOf, withLine } from './random-line.ts'

/** Two graphs, every other pair with TLS and logins, that have some sections in common and differ in others; `null` when a document of the two is wrong. */
export function randomPair(seed: number): { readonly before: Bundle; readonly after: Bundle } | null {
  const random = randomOf(seed)
  const [first, second] = fc.sample(randomDocument, { seed, numRuns: 2 }) as [Document, Document]
  const [one, other] = seed % 2 === 0 ? [first, second] : [withLine(first, random), withLine(second, random)]
  const a = withRelays(apart(one), random)
  const b = withRelays(edited(a, other, random), random(2) === 0 ? random : null)
  // A name that is written in A-labels, where all else is plain.
  const idn = random(3) === 0
  const before = bundleOf(idn ? inLabels(a) : a)
  const after = bundleOf(idn ? inLabels(b) : b)
  return before === null || after === null ? null : { before, after }
}

const inLabels = (document: Document): Document =>
  JSON.parse(JSON.stringify(document).replaceAll('c.test', 'xn--bcher-kva.test')) as Document

/** A few edits of a document: whole sections of another one, or single elements of its lists added and taken away. */
function edited(a: Document, b: Document, random: Random): Document {
  let document = a
  for (let edits = 1 + random(3); edits > 0; edits--) {
    const section = pick(random, [
      'domains',
      'clients',
      'relaying',
      'localMx',
      'dnsbl',
      'deny',
      'aliases',
      'listeners',
      'postmaster',
      'checks',
    ] as const)
    const [own, other] = [document[section], b[section]]
    const isList = Array.isArray(own) && Array.isArray(other) && section !== 'listeners'
    let value: unknown = other
    if (isList && random(3) > 0) {
      const kept = own.filter(() => random(4) > 0)
      const key = (row: object) => ('pattern' in row ? row.pattern : 'at' in row ? row.at : null)
      const taken = new Set(kept.map(key))
      value = [...kept, ...other.filter((row) => random(3) === 0 && !taken.has(key(row)))]
      if (section === 'deny' && random(4) === 0) (value as unknown[]).reverse()
    }
    document = { ...document, [section]: value }
  }
  if (random(4) === 0) document = { ...document, limits: { ...document.limits, maxHops: pick(random, [10, 100]) } }
  if (random(8) === 0) document = { ...document, mxPort: 2525 }
  return apart(document)
}

function withRelays(document: Document, random: Random | null): Document {
  if (random === null) return document
  const tls = pick<TlsLevel>(random, ['off', 'may', 'encrypt', 'verify'])
  const isp = {
    at: 'relays.isp',
    name: 'isp',
    hosts: [{ host: pick(random, ['smtp.isp.example', 'smtp2.isp.example']), port: pick(random, [25, 587]) }],
    tls,
    auth: random(3) === 0 ? { user: 'us', pass: { $secret: 'env:PASS' } } : null,
    connections: pick(random, [5, 10]),
  }
  return { ...document, relays: [isp] }
}

function bundleOf(document: Document): Bundle | null {
  const { graph, diagnostics } = compile(document)
  if (diagnostics.some(({ severity }) => severity === 'error')) return null
  return makeBundle(graph, noSources)
}

const domains = [
  ...['a.test', 'b.a.test', 'x.a.test', 'x.b.a.test', 'y.x.b.a.test', 'c.test', 'd.c.test', 'e.d.c.test', 'test'],
  ...['xn--bcher-kva.test', 'd.xn--bcher-kva.test', 'x.xn--bcher-kva.test', 'b\u00fccher.test', 'f.test'],
  ...['other.example', 'gw.example.com', '[192.0.2.1]', '[IPv6:2001:db8::1]', 'far.away.example.org', 'host.a.test'],
]
const localParts = [
  ...['joe', 'Joe', 'ann', 'INFO', 'Postmaster', 'abuse', 'x.y', 'BJ\u00d6RN', 'bj\u00f6rn', 'nobody', 'someone'],
  ...['"quoted @ part"', '"*.x"', '"joe"'],
]
const clients = [
  ...['0.0.0.0', '9.255.255.255', '10.0.0.0', '10.0.0.1', '10.0.255.255', '10.1.1.255', '10.1.2.0', '10.1.2.3'],
  ...['10.1.2.4', '10.255.255.255', '11.0.0.0', '127.255.255.255', '128.0.0.0', '192.0.2.127', '192.0.2.128'],
  ...['255.255.255.254', '255.255.255.255', '203.0.113.9', '::', '::1', '2001:db7:ffff:ffff:ffff:ffff:ffff:ffff'],
  ...['2001:db8::', '2001:db8:0:1::1', '2001:db8:1::5', '2001:db8:1::6', '2001:db9::', '8000::'],
  'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
]
const sizes = [null, 0, 1, 99, 100, 101, 1000, 1001, 5_000_000_000, 5_000_000_001]

// Reading a mailbox costs more than all else about a message.
const mailboxes = localParts.flatMap((local) => domains.map((domain) => mailbox(`${local}@${domain}`)))

export type Question = { readonly message: Described; readonly answers: ReadonlyMap<string, Outcome> }

/** A message near the edges of what the documents say, or far from all; `oracles` may answer anything. */
export function randomMessage(random: Random, oracles: readonly string[]): Question {
  const someone = () => mailboxes[random(mailboxes.length)]!
  const far = random(10) === 0
  const client = far ? `${random(256)}.${random(256)}.${random(256)}.${random(256)}` : pick(random, clients)
  const outcome = () => pick<Outcome>(random, ['listed', 'clear', 'error'])
  return {
    message: {
      ...randomLine(random),
      listener: pick(random, ['mx', 'lan', 'sub']),
      client: client as IpAddress,
      sender: random(8) === 0 ? null : someone(),
      recipient: far ? mailbox(`user${random(100)}@d${random(100)}.example`) : someone(),
      sizeBytes: pick(random, sizes),
      hops: pick(random, [null, 0, 1, 10, 11, 100, 101]),
    },
    answers: new Map(oracles.map((name) => [name, outcome()])),
  }
}
