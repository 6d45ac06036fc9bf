import { adminScopes } from '../mail/settings.ts'
import { checkCopies, copies } from './check-copies.ts'
import { credentials } from './check-credentials.ts'
import { bans, certificates, checkLines, listenerLine } from './check-line.ts'
import { checkNextHops, destinations, egress, nextHop } from './check-next-hop.ts'
import { checkSchedules, notifications, retry, schedules } from './check-notifications.ts'
import { isSorted } from './check-order.ts'
import { recipientChecks } from './check-recipient-checks.ts'
import { checkRelay, relayLogin } from './check-relay-login.ts'
import { tlsPolicy, tlsReports } from './check-tls-policy.ts'
import type { Control } from './control.ts'
import { type Check, line, listOf, oneOf, orNull, record, ShapeError, text, whole } from './shape.ts'

const name = text(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}$/, 'a name')
const hostname = text(/^[a-z0-9_.-]{1,255}$|^\[[0-9a-zA-Z.:]{2,50}\]$/, 'a host name')
const host = text(/^[A-Za-z0-9_.:*-]{1,255}$/, 'a host or an address')
const hostPort = record({ host, port: whole(1, 65535) })
/** A listener may ask for any free port, as tests do. */
const bindPort = record({ host, port: whole(0, 65535) })
const tls = oneOf('off', 'may', 'encrypt', 'verify')
const count = whole(0, 2 ** 31)
const bytes = whole(0, Number.MAX_SAFE_INTEGER)
const ms = whole(0, Number.MAX_SAFE_INTEGER)

const file = text(/^\/[^\x00-\x1f\x7f]{1,4000}$/, 'an absolute path')
const scopes = listOf(oneOf(...adminScopes), adminScopes.length)
const admin = record({
  bind: listOf(bindPort),
  tls: orNull(record({ certificate: file, key: file, clientCa: orNull(file) })),
  tokens: listOf(record({ name, sha256: text(/^[0-9a-f]{64}$/, 'a SHA-256 in hexadecimal'), scopes })),
  certificates: listOf(record({ subject: line, scopes })),
})

const envelopeLog = orNull(record({ keepMs: ms, maxBytes: bytes, localParts: oneOf('plain', 'hashed') }))

const shape: Check = record(
  {
    hostname,
    postmaster: line,
    listeners: listOf(
      record(
        {
          name,
          kind: oneOf('mx', 'submission', 'internal'),
          bind: listOf(bindPort),
          hostname,
          maxSizeBytes: bytes,
        },
        listenerLine,
      ),
    ),
    relays: listOf(
      record(
        {
          name,
          hosts: listOf(hostPort),
          tls,
          auth: orNull(relayLogin),
          connections: count,
        },
        { implicitTls: oneOf(true), ...nextHop },
      ),
    ),
    limits: record(
      {
        sessions: count,
        sessionsPerClient: count,
        maxSizeBytes: bytes,
        maxRecipients: count,
        maxErrors: count,
        maxHops: count,
        connectionsPerNextHop: count,
        connectionsOut: count,
      },
      { connections: count, commandsPerMinute: count, minBytesPerSecond: count },
    ),
    timeouts: record({
      commandMs: ms,
      dataMs: ms,
      sessionMs: ms,
      connectMs: ms,
      greetingMs: ms,
      replyMs: ms,
      dataBlockMs: ms,
      dataDoneMs: ms,
      idleMs: ms,
    }),
    retry,
    resolver: record(
      { servers: listOf(hostPort), timeoutMs: ms, attempts: count },
      { trustAd: oneOf(true, false), serveStaleMs: ms },
    ),
    mxPort: whole(1, 65535),
  },
  {
    admin,
    destinations,
    egress,
    envelopeLog,
    certificates,
    credentials,
    bans,
    recipientChecks,
    learnSizes: oneOf('on'),
    mailerqHints: oneOf(true),
    softBounce: oneOf(true),
    tlsPolicy,
    tlsReports,
    ...copies,
    schedules,
    notifications,
  },
)

/** Throws `ShapeError`. */
export function checkControl(value: unknown, where: string): asserts value is Control {
  shape(value, where)
  const control = value as Control
  for (const key of ['listeners', 'relays'] as const) {
    if (!isSorted(control[key].map(({ name }) => name)))
      throw new ShapeError(`${where}.${key}`, 'names sorted, each once', control[key])
  }
  checkLines(control, where)
  checkNextHops(control, where)
  checkCopies(control, where)
  checkSchedules(control, where)
  const { admin } = control
  if (admin !== undefined) {
    // A gateway does not take the compiler's word for it: this is the door to everything.
    if (admin.tokens.length === 0 && (admin.tls?.clientCa == null || admin.certificates.length === 0))
      throw new ShapeError(`${where}.admin`, 'a token or a client certificate', null)
    const open = admin.bind.find(({ host }) => admin.tls === null && !isLoopback(host))
    if (open !== undefined) throw new ShapeError(`${where}.admin.tls`, `TLS for ${open.host}`, null)
  }
  for (const relay of control.relays) checkRelay(relay, `${where}.relays`)
}

const isLoopback = (host: string): boolean => /^127(?:\.\d{1,3}){3}$/.test(host) || host === '::1'
