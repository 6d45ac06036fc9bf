import { compile } from '../dist/compile/compile.js'
import { makeBundle, writeBundle } from '../dist/graph/bundle.js'
import { sourcesOf } from '../dist/graph/sources.js'
import { parseMailbox } from '../dist/mail/path.js'

/** A document with this many routes, a tenth of them `*.suffix`, ten local domains, and as many clients as fit. */
export function documentOfRoutes(count) {
  const localMx = Array.from({ length: count }, (_, i) => ({
    at: `localMx["${patternOf(i)}"]`,
    pattern: patternOf(i),
    target: { kind: 'hosts', hosts: [{ host: `host${i % 50}.dest.example`, port: 25 }] },
  }))
  return {
    apiVersion: 'mailgw/1',
    hostname: 'gw.example.com',
    postmaster: mailbox('postmaster@local0.example'),
    listeners: [
      {
        at: 'listeners.mx',
        name: 'mx',
        kind: 'mx',
        bind: [{ host: '127.0.0.1', port: 2525 }],
        hostname: 'gw.example.com',
        maxSizeBytes: 20_971_520,
      },
    ],
    certificates: [],
    credentials: [],
    bans: null,
    domains: Array.from({ length: 10 }, (_, i) => ({
      at: `domains["local${i}.example"]`,
      pattern: `local${i}.example`,
      kind: 'local',
      recipients: null,
      unknown: { kind: 'reject' },
    })),
    clients: Array.from({ length: 20 }, (_, i) => ({
      at: `clients.site${i}`,
      name: `site${i}`,
      networks: [{ at: `clients.site${i}.networks[0]`, network: `10.${i}.0.0/16` }],
      internal: true,
      senders: null,
      recipients: null,
      maxSizeBytes: null,
    })),
    relaying: { kind: 'two-way', at: 'relaying' },
    relays: [],
    localMx,
    dnsbl: [],
    deny: [
      {
        at: 'deny[0]',
        id: 'spammers',
        when: {
          client: null,
          sender: null,
          recipient: ['nobody@local0.example', 'closed.example'],
          destination: null,
          sizeOverBytes: null,
          listeners: null,
        },
        then: { code: 550, status: '5.7.1', text: 'refused' },
      },
    ],
    aliases: [],
    limits: {
      sessions: 4000,
      sessionsPerClient: 100,
      maxSizeBytes: 20_971_520,
      maxRecipients: 100,
      maxErrors: 20,
      maxHops: 100,
      connectionsPerNextHop: 20,
      connectionsOut: 500,
    },
    timeouts: {
      commandMs: 300_000,
      dataMs: 300_000,
      sessionMs: 3_600_000,
      connectMs: 30_000,
      greetingMs: 300_000,
      replyMs: 300_000,
      dataBlockMs: 180_000,
      dataDoneMs: 600_000,
      idleMs: 10_000,
    },
    retry: { scheduleMs: [60_000], expireAfterMs: 432_000_000 },
    resolver: { servers: [], timeoutMs: 5000, attempts: 2 },
    mxPort: 25,
    prove: [],
    gateways: [],
    admin: null,
    envelopeLog: null,
  }
}

/** Its bundle as text, each row with a place in a table. */
export const bundleOfRoutes = (count) => bundleOfDocument(documentOfRoutes(count))

export function bundleOfDocument(document) {
  const { graph, diagnostics } = compile(document)
  if (diagnostics.some(({ severity }) => severity === 'error')) throw new Error(diagnostics[0].message)
  let line = 0
  const sources = sourcesOf(graph, (at) => ({
    file: at.startsWith('localMx') ? 'routes.tsv' : 'mailgw.config.ts',
    line: ++line,
    column: 1,
  }))
  return writeBundle(makeBundle(graph, sources))
}

/** Who sends to whom: internal clients to routed domains, hits and depths of wildcards, local domains, some misses. */
export function questionsFor(routes, count) {
  const random = generator(42)
  return Array.from({ length: count }, (_, i) => ({
    client: `10.${random(22)}.${random(256)}.${random(256)}`,
    sender: mailbox(`user${random(1000)}@sender${random(1000)}.example`),
    recipient: mailbox(`user${i}@${domainFor(random(routes), random)}`),
  }))
}

/** As a session has them: one object, filled for each question. */
export const sessionFacts = () => ({
  listener: 'mx',
  client: '10.0.0.1',
  sender: null,
  recipient: null,
  sizeBytes: 2000,
  hops: 1,
  destination: null,
  tls: false,
  login: null,
  certificate: null,
  helo: 'client.example',
})

const patternOf = (i) => (i % 10 === 0 ? `*.zone${i}.example` : `customer${i}.example`)

function domainFor(i, random) {
  const kind = random(20)
  if (kind === 0) return `local${random(10)}.example`
  if (kind === 1) return `unknown${random(100_000)}.invalid.test`
  return i % 10 === 0 ? `host${random(100)}.dept.zone${i}.example` : `customer${i}.example`
}

function mailbox(text) {
  const parsed = parseMailbox(text)
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}

/** The same questions in every run (mulberry32). */
function generator(seed) {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
