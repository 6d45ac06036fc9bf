import { expect, test } from 'vitest'
import { type JsonSchema, structureSchema } from '../../src/config/schema-json.ts'
import { base, validated } from './check.ts'
import { copiesCases } from './copies-documents.ts'
import { frontCases } from './front-documents.ts'
import { nextHopCases } from './next-hop-documents.ts'
import { noticeCases } from './notice-documents.ts'
import { recipientCases } from './recipient-documents.ts'
import { relayCases } from './relay-documents.ts'
import { tlsCases } from './tls-documents.ts'

/** Documents that together have every key of the schema, none at its default. */
const full: Record<string, unknown> = {
  apiVersion: 'mailgw/1',
  hostname: 'gw.corp.com',
  postmaster: 'ops@corp.com',
  listeners: {
    in: { kind: 'mx', bind: ['0.0.0.0:2525'], maxSize: '30MiB', hostname: 'mx.corp.com' },
    lan: { kind: 'internal', bind: '127.0.0.1:2526' },
  },
  domains: {
    'corp.com': { recipients: ['ann', 'bea'], unknown: { catchAll: 'x@c.com' } },
    'b.com': { kind: 'relay', recipients: ['bob'], unknown: 'park' },
    'n.com': 'relay',
    'c.com': 'local',
  },
  trusted: ['10.0.0.0/8'],
  clients: {
    a: { networks: ['192.0.2.0/24'], internal: true, senders: ['a.com'], recipients: ['b.com'], maxSize: '1MiB' },
  },
  relaying: 'outbound',
  relays: {
    isp: {
      hosts: ['smtp.isp.com:587', 'smtp2.isp.com'],
      tls: 'encrypt',
      auth: { user: 'gw', pass: { $secret: 'env:ISP' } },
      connections: 5,
    },
    zz: { hosts: 'zz', tls: 'off' },
  },
  localMx: {
    'b.com': { hold: 'later' },
    'c.com': { hold: 'later' },
    'n.com': { hold: 'later' },
    'o.com': { relay: 'isp' },
    '*.b.com': { relay: 'zz' },
    'd.com': { host: 'bart:26' },
    'e.com': { hosts: ['bart', 'lisa'] },
    'f.com': { mx: { tls: 'encrypt' } },
    'g.com': { deliver: { dir: 'old' } },
    'h.com': { reject: { code: 554, text: '5.1.6 moved' } },
    'i.com': { hold: 'merger' },
    'j.com': 'bart:27',
    'k.com': ['bart', 'homer'],
    '*': { hold: 'later' },
  },
  dnsbl: [
    {
      id: 'zen',
      zone: 'zen.com',
      codes: ['127.0.0.2'],
      listeners: ['lan'],
      onListed: { reject: { code: 550, text: 'listed' } },
      onError: 'defer',
    },
  ],
  deny: [
    {
      id: 'one',
      when: {
        client: ['198.51.100.0/24'],
        sender: ['bad.com'],
        recipient: ['b.com'],
        size: { over: '5MB' },
        listener: ['in'],
      },
      then: { reject: { code: 552, text: 'too much' } },
    },
    { id: 'two', when: { destination: ['198.51.100.1'] } },
  ],
  aliases: { 'x@corp.com': ['x@c.com'], 'y@corp.com': 'x@c.com' },
  limits: {
    sessions: 50,
    sessionsPerClient: 5,
    maxSize: '10MiB',
    maxRecipients: 200,
    maxErrors: 7,
    maxHops: 60,
    connectionsPerNextHop: 3,
    connectionsOut: 30,
  },
  timeouts: {
    command: '1m',
    data: '2m',
    session: '3m',
    connect: '4m',
    greeting: '6m',
    reply: '8m',
    dataBlock: '9m',
    dataDone: '11m',
    idle: '12m',
  },
  retry: { schedule: ['1m', '2m'], expireAfter: '6d' },
  resolver: { servers: ['127.0.0.1:5353'], timeout: '3s', attempts: 4, serveStale: '2h', trustAd: true },
  mxPort: 2525,
  envelopeLog: { keep: '20d', maxSize: '1GiB', localParts: 'hashed' },
  admin: {
    bind: ['127.0.0.1:8443', '127.0.0.2:8443'],
    tls: { cert: '/etc/a.pem', key: '/etc/a.key', clientCa: '/etc/ca.pem' },
    tokens: { ci: { sha256: 'a'.repeat(64), scopes: ['read', 'prepare'] } },
    certificates: { 'CN=deploy': { scopes: ['activate', 'overlay'] } },
  },
  gateways: {
    gw1: { unix: 'state', groups: ['canary', 'east'], env: 'prod', addresses: ['198.51.100.7', 'gw1.corp.com'] },
    gw2: { ssh: 'mail@gw2.corp.com:2222', socket: '/var/lib/mailgw', groups: 'rest' },
    gw3: { tls: 'gw3.corp.com:8443', ca: 'ca.pem', token: { $secret: 'env:GW3' } },
    gw4: { tls: 'gw4.corp.com:8443', cert: 'ci.pem', key: 'ci.key', token: { $secret: 'env:GW4' } },
  },
}
const open = {
  ...base,
  localMx: { 'corp.example': { hold: 'later' } },
  relaying: { unsafeOpenRelay: { reason: 'lab', until: '2027-01-01' } },
}
// `true` is the only value of these; that their key is read is seen in the others.
const short = {
  ...base,
  localMx: {
    'corp.example': { hold: 'later' },
    'a.com': { mx: true },
    'b.com': { deliver: true },
    'c.com': { hold: true },
    'd.com': { discard: true },
  },
}
const claimBox = {
  listener: ['in'],
  client: { in: ['198.51.100.0/24'], except: ['198.51.100.7'] },
  internal: true,
  sender: { in: 'a.com', except: 'b.a.com' },
  recipient: { in: ['o.com'], except: 'd.com' },
  size: { over: '1MiB', upTo: '9MiB' },
  dnsbl: { zen: ['error', 'clear'] },
}
const lineBox = {
  tls: true,
  login: { in: '*@o.com', except: 'ann@o.com' },
  certificate: { in: ['*'], except: [`sha256:${'ab'.repeat(32)}`] },
  helo: { in: ['o.com'], except: 'd.com' },
}
const claimed = {
  ...base,
  listeners: { in: { kind: 'mx', bind: '127.0.0.1:2525' }, zz: { kind: 'mx', bind: '127.0.0.1:2526' } },
  relays: { isp: { hosts: 'isp.com' }, zz: { hosts: 'zz.com' } },
  localMx: { '*': { relay: 'isp' }, 'zz.com': { relay: 'zz' } },
  dnsbl: [{ id: 'zen', zone: 'zen.com', onError: 'defer' }],
  prove: [
    'noLoops',
    { tlsFloor: { pattern: 'd.com', level: 'verify' } },
    { forAll: claimBox, never: 'held' },
    { forAll: { client: '198.51.100.9', sender: ['c.com'], dnsbl: { zen: 'clear' } }, always: { relay: 'isp' } },
    { forAll: claimBox, always: 'refused' },
    { forAll: { recipient: 'b.com' }, never: { relay: 'isp' } },
    { forAll: claimBox, onlyVia: 'isp' },
    { unchanged: claimBox },
    { forAll: lineBox, never: 'accepted' },
    { forAll: lineBox, always: 'accepted' },
    { forAll: lineBox, onlyVia: 'isp' },
    { unchanged: lineBox },
  ],
}
const plain = [full, open, short, claimed]

/** Values that are right somewhere; each leaf is tried with all of them. */
const candidates = [
  'local',
  'relay',
  'any',
  'reject',
  'park',
  'mx',
  'submission',
  'internal',
  'off',
  'may',
  'encrypt',
  'verify',
  'ignore',
  'defer',
  'listed',
  'noOpenRelay',
  'delivered',
  'local-only',
  'two-way',
  '7m',
  '7d',
  '7MiB',
  '17MiB',
  'zz',
  'lan',
  'in',
  'zz.com',
  'zz@corp.com',
  'zz@corp.example',
  'b'.repeat(64),
  `sha256:${'cd'.repeat(32)}`,
  'overlay',
  'read',
  'zz@c.com',
  'isp',
  550,
  'c.com',
  '203.0.113.9',
  '127.0.0.7',
  '127.0.0.7:2599',
  'env:ZZ',
  '2027-12-31',
  'relay:zz',
  'plain',
  100,
  451,
  6,
  true,
  false,
]
const cases = [
  ...plain.map((document) => ({ document, candidates })),
  ...copiesCases,
  ...frontCases,
  ...nextHopCases,
  ...noticeCases,
  ...tlsCases,
  ...recipientCases,
  ...relayCases,
]
const documents: readonly Record<string, unknown>[] = cases.map(({ document }) => document)

/** The only words that may stand where they do. */
const lone = ['CRAM-MD5', 'observe', 'required', 'offered', 'none', 'allow', 'defer', 'SITE', 'never', 'postmaster']

type Leaf = { readonly document: Record<string, unknown>; readonly path: readonly (string | number)[] }

function* leavesOf(
  document: Record<string, unknown>,
  value: unknown = document,
  path: readonly (string | number)[] = [],
): Generator<Leaf> {
  if (typeof value !== 'object' || value === null) yield { document, path }
  else {
    for (const [key, inner] of Object.entries(value)) {
      yield* leavesOf(document, inner, [...path, Array.isArray(value) ? Number(key) : key])
    }
  }
}

function withValue({ document, path }: Leaf, value: unknown): Record<string, unknown> {
  const copy = structuredClone(document)
  let holder = copy as Record<string | number, unknown>
  for (const part of path.slice(0, -1)) holder = holder[part] as Record<string | number, unknown>
  const last = path.at(-1)!
  if (value !== undefined) holder[last] = value
  else if (Array.isArray(holder)) holder.splice(Number(last), 1)
  else delete holder[last]
  return copy
}

const result = (value: unknown) => {
  const { document } = validated(value)
  return document === null ? null : JSON.stringify(document)
}

test('the documents of this test are right and have every key of the schema', () => {
  const written = new Set<string>()
  const note = (of: JsonSchema, value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return
    for (const one of of.anyOf ?? []) note(one, value, path)
    for (const [key, inner] of Object.entries(value)) {
      const known = of.properties?.[key]
      if (known !== undefined) {
        written.add(`${path}.${key}`)
        note(known, inner, `${path}.${key}`)
      } else if (Array.isArray(value)) note(of.items ?? {}, inner, `${path}[]`)
      else if (typeof of.additionalProperties === 'object') note(of.additionalProperties, inner, `${path}.NAME`)
    }
  }
  const all = new Set<string>()
  const collect = (of: JsonSchema, path: string): void => {
    for (const [key, one] of Object.entries(of.properties ?? {})) {
      all.add(`${path}.${key}`)
      collect(one, `${path}.${key}`)
    }
    for (const one of of.anyOf ?? []) collect(one, path)
    if (of.items !== undefined) collect(of.items, `${path}[]`)
    if (typeof of.additionalProperties === 'object') collect(of.additionalProperties, `${path}.NAME`)
  }
  collect(structureSchema(), '')
  for (const document of documents) {
    expect(validated(document).diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
    note(structureSchema(), document, '')
  }
  // Read by the editor and by the loader.
  expect([...all].filter((path) => !written.has(path)).sort()).toEqual(['.$schema', '.include'])
  expect(all.size).toBeGreaterThan(90)
})

test('no key is accepted and ignored: every other value of a leaf that is right changes the document', () => {
  const unread: string[] = []
  let changes = 0
  // What is in `base` has been tried with `full`.
  const known = (path: Leaf['path'], document: unknown) =>
    document !== full && (path[0] === 'postmaster' || path[0] === 'hostname' || path[0] === 'domains')
  const leaves = cases.flatMap(({ document, candidates }) =>
    [...leavesOf(document)].filter(({ path }) => !known(path, document)).map((leaf) => ({ leaf, candidates })),
  )
  for (const { leaf, candidates } of leaves) {
    const before = result(leaf.document)
    const value = leaf.path.reduce<unknown>((holder, part) => (holder as Record<string, unknown>)[part], leaf.document)
    let alternatives = 0
    for (const candidate of [...candidates, `${value}x`]) {
      if (candidate === value || alternatives === 4) continue
      const after = result(withValue(leaf, candidate))
      if (after === null) continue
      alternatives++
      if (after === before) unread.push(`${leaf.path.join('.')} = ${candidate}`)
    }
    changes += alternatives
    // Of `claimed` the claims name the list.
    const named = leaf.document === claimed && leaf.path.join('.') === 'dnsbl.0.id'
    const only = value === true || leaf.path[0] === 'apiVersion' || named || lone.includes(String(value))
    if (alternatives === 0 && !only) unread.push(`${leaf.path.join('.')}: no other value is right`)
    // Left out, it has its default or is missed.
    if (result(withValue(leaf, undefined)) === before && leaf.path[0] !== 'apiVersion')
      unread.push(`${leaf.path.join('.')} left out`)
  }
  expect(unread).toEqual([])
  expect(changes).toBeGreaterThan(250)
}, 60_000)
