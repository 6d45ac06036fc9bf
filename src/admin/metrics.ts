import type { ResolverStats } from '../dns/resolver.ts'
import type { Tally } from '../mail/tally.ts'
import { exposition, type Family, type Sample } from './exposition.ts'
import type { Status } from './operations.ts'

/** All that metrics are made of. */
export type Measured = {
  readonly status: Status
  readonly tally: Tally
  /** Recipients by what came of them since the start. */
  readonly deliveries: Readonly<Record<'delivered' | 'deferred' | 'failed', number>>
  /** Notifications by kind since the start, and `suppressed`. */
  readonly notifications: Readonly<Record<string, number>>
  /** Epoch ms; `null`: the queue is empty. */
  readonly oldestQueuedAt: number | null
  /** By state, whether or not there are any. */
  readonly nextHops: Readonly<Record<string, number>>
  /** State of DNS lists by the id that the document gives them. */
  readonly lists: ReadonlyMap<string, string>
  /** What the resolver has done since the start. */
  readonly dns: ResolverStats
  /** Certificates that listeners should show and that could not be read. */
  readonly unreadable: readonly string[]
}

export type Metric = Omit<Family, 'samples'> & { readonly read: (measured: Measured) => Iterable<Sample> }

/** What a scrape of a gateway reads. */
export const metricsText = (measured: Measured): string =>
  exposition(metrics.map(({ read, ...family }) => ({ ...family, samples: read(measured) })))

const gauge = (name: string, labels: readonly string[], help: string, read: Metric['read']): Metric => ({
  name: `mailgw_${name}`,
  type: 'gauge',
  labels,
  help,
  read,
})

const counter = (name: string, labels: readonly string[], help: string, read: Metric['read']): Metric => ({
  name: `mailgw_${name}_total`,
  type: 'counter',
  labels,
  help,
  read,
})

const one = (value: number | boolean): Sample[] => [[Number(value)]]
const each = (record: Readonly<Record<string, number>>): Sample[] =>
  Object.entries(record).map(([label, value]) => [value, label])
/** 1 for the state that it is in, 0 for the others. */
const among = (states: readonly string[], name: string, state: string): Sample[] =>
  states.map((each) => [Number(each === state), name, each])

const archives = (
  { status }: Measured,
  read: (archive: { readonly messages: number; readonly bytes: number }) => number,
): Sample[] => Object.entries(status.archives ?? {}).map(([name, archive]) => [read(archive), name])

const backendStates = ['unused', 'ok', 'failing']
const tokenStates = ['fetching', 'ok', 'renewing', 'failing', 'refused']
const listStates = ['healthy', 'silent', 'greedy', 'unknown']
const stsModes = ['enforce', 'testing', 'none']
const overlayKinds = ['deny', 'ban', 'hold']

/**
 * Every metric; docs/metrics.md has the same table. Label values are words of this table, or names that the document gives:
 * what strangers choose (an address, a login, a domain, a message) is never one, or they could fill the reader's disk.
 */
export const metrics: readonly Metric[] = [
  gauge('build_info', ['version', 'graph'], '1; the labels say which mailgw runs and which graph is active', (m) => [
    [1, m.status.version, m.status.graph],
  ]),
  gauge('start_time_seconds', [], 'when the gateway started, in seconds since 1970', (m) =>
    one(m.status.startedAt / 1000),
  ),
  gauge('draining', [], '1 while the gateway stops and takes no new sessions', (m) => one(m.status.draining)),
  gauge('sessions', ['listener'], 'sessions now', (m) =>
    m.status.listeners.map(({ name, sessions }): Sample => [sessions, name]),
  ),
  counter('sessions_accepted', [], 'sessions that were greeted', (m) => one(m.tally.sessionsAccepted)),
  counter(
    'sessions_refused',
    ['reason'],
    'connections sent away before a greeting: full, client-full, banned, document, early',
    (m) => each(m.tally.sessionsRefused),
  ),
  counter('messages_accepted', [], 'messages stored and answered with 250', (m) => one(m.tally.messagesAccepted)),
  counter(
    'messages_refused',
    ['class'],
    'messages refused after their content came, or not stored, by class of reply: 4yz, 5yz',
    (m) => each(m.tally.messagesRefused),
  ),
  counter('recipients_refused', ['class'], 'recipients that the document refused, by class of reply: 4yz, 5yz', (m) =>
    each(m.tally.recipientsRefused),
  ),
  counter(
    'deliveries',
    ['outcome'],
    'recipients by what came of them: delivered, failed (for good or too old), deferred (once for each time; when a next hop is down, once for each message that waits for it)',
    (m) => each(m.deliveries),
  ),
  counter(
    'notifications',
    ['kind'],
    'notifications to senders: failed, delayed, delivered, relayed, expanded, and suppressed: not sent, as the address has had too many',
    (m) => each(m.notifications),
  ),
  gauge('queue_messages', [], 'messages in the queue', (m) => one(m.status.queue['messages'] ?? 0)),
  gauge(
    'queue_oldest_timestamp_seconds',
    [],
    'when the oldest message in the queue came, in seconds since 1970; nothing while the queue is empty',
    (m) => (m.oldestQueuedAt === null ? [] : one(m.oldestQueuedAt / 1000)),
  ),
  gauge(
    'queue_recipients',
    ['state'],
    'recipients of messages in the queue: waiting, active, held, and delivered, failed, discarded of messages with others left',
    (m) => each(m.status.queue).filter(([, state]) => state !== 'messages'),
  ),
  gauge('next_hops', ['state'], 'next hops that are kept in memory: up, back-off, probing', (m) => each(m.nextHops)),
  gauge(
    'mta_sts_policies',
    ['mode'],
    'MTA-STS policies of other domains that are known, by mode: enforce, testing, none',
    (m) => stsModes.map((mode): Sample => [m.status.tlsPolicies.filter((policy) => policy.mode === mode).length, mode]),
  ),
  counter(
    'tls_sessions',
    ['policy', 'outcome'],
    'connections to next hops by what their owner has published (tlsa, sts, no-policy-found) and how TLS went: ok, failed (also where mail went in clear then)',
    (m) =>
      Object.entries(m.status.tlsSessions).flatMap(([policy, { ok, failed }]): Sample[] => [
        [ok, policy, 'ok'],
        [failed, policy, 'failed'],
      ]),
  ),
  counter('tls_reports', ['outcome'], 'reports on TLS to other domains: sent, failed (given up)', (m) =>
    each(m.status.tlsReports),
  ),
  gauge('archive_messages', ['archive'], 'copies in an archive of the document: sent, failed', (m) =>
    archives(m, ({ messages }) => messages),
  ),
  gauge('archive_bytes', ['archive'], 'their octets', (m) => archives(m, ({ bytes }) => bytes)),
  counter(
    'archived',
    ['archive', 'result'],
    'messages that left the queue and belong into an archive: kept, lost (the disk was full, or slower than the mail)',
    (m) =>
      Object.entries(m.status.archives ?? {}).flatMap(([name, { kept, lost }]): Sample[] => [
        [kept, name, 'kept'],
        [lost, name, 'lost'],
      ]),
  ),
  gauge('connections_out', [], 'connections to next hops now', (m) => one(m.status.connectionsOut)),
  gauge('bans_active', [], 'clients that the gateway has banned by itself', (m) => one(m.status.banned.clients)),
  gauge('accounts_locked', [], 'accounts that take no login for now', (m) => one(m.status.banned.accounts)),
  gauge('overlays', ['kind'], 'restrictions by operators: deny, ban, hold', (m) =>
    overlayKinds.map((kind): Sample => [m.status.overlays.filter((overlay) => overlay.kind === kind).length, kind]),
  ),
  gauge(
    'certificate_expiry_timestamp_seconds',
    ['name'],
    'when the certificate that listeners show ends, in seconds since 1970; by its name in the document',
    (m) => m.status.certificates.map(({ name, notAfter }): Sample => [notAfter / 1000, name]),
  ),
  gauge(
    'certificate_load_error',
    ['name'],
    '1 when the files could not be read or used the last time: an older certificate is shown, or none',
    (m) => [
      ...m.status.certificates.map(({ name, stale }): Sample => [Number(stale !== null), name]),
      ...m.unreadable.map((name): Sample => [1, name]),
    ],
  ),
  gauge(
    'credentials_state',
    ['id', 'state'],
    '1 for the state of a back-end that knows logins, 0 for the others: unused, ok, failing',
    (m) => m.status.credentials.flatMap(({ id, state }) => among(backendStates, id, state)),
  ),
  counter(
    'credentials_questions',
    ['id', 'outcome'],
    'questions to a back-end: accepted, refused, unknown, error, remembered (answered from memory); from 0 when it is changed',
    (m) =>
      m.status.credentials.flatMap(({ id, accepted, refused, unknown, errors, remembered }): Sample[] => [
        [accepted, id, 'accepted'],
        [refused, id, 'refused'],
        [unknown, id, 'unknown'],
        [errors, id, 'error'],
        [remembered, id, 'remembered'],
      ]),
  ),
  gauge(
    'recipient_check_state',
    ['id', 'state'],
    '1 for the state of a check of recipients, 0 for the others: unused, ok, failing',
    (m) => m.status.recipientChecks.flatMap(({ id, state }) => among(backendStates, id, state)),
  ),
  counter(
    'recipient_check_questions',
    ['id', 'outcome'],
    'questions whether a recipient exists: exists, unknown, error, remembered (answered from memory); from 0 when the check is changed',
    (m) =>
      m.status.recipientChecks.flatMap(({ id, answers: { exists, unknown, error, remembered } }): Sample[] => [
        [exists, id, 'exists'],
        [unknown, id, 'unknown'],
        [error, id, 'error'],
        [remembered, id, 'remembered'],
      ]),
  ),
  gauge(
    'token_state',
    ['relay', 'state'],
    '1 for the state of the access token that a relay logs in with, 0 for the others: fetching, ok, renewing, failing, refused',
    (m) => m.status.tokens.flatMap(({ relays, state }) => relays.flatMap((relay) => among(tokenStates, relay, state))),
  ),
  gauge(
    'token_expiry_timestamp_seconds',
    ['relay'],
    'when the access token of a relay ends, in seconds since 1970; absent while there is none',
    (m) =>
      m.status.tokens.flatMap(({ relays, validUntil }): Sample[] =>
        validUntil === null ? [] : relays.map((relay) => [validUntil / 1000, relay]),
      ),
  ),
  counter(
    'token_fetches',
    ['relay', 'outcome'],
    'tries to fetch the access token of a relay: fetched, failed; from 0 when its login is changed. Relays that share a token have the same numbers',
    (m) =>
      m.status.tokens.flatMap(({ relays, fetched, failed }): Sample[] =>
        relays.flatMap((relay): Sample[] => [
          [fetched, relay, 'fetched'],
          [failed, relay, 'failed'],
        ]),
      ),
  ),
  gauge(
    'dns_list_state',
    ['id', 'state'],
    '1 for the state of a DNS list that was asked in the last hour, 0 for the others: healthy, silent, greedy, unknown',
    (m) => [...m.lists].flatMap(([id, state]) => among(listStates, id, state)),
  ),
  counter(
    'dns_questions',
    ['answer'],
    'questions to the resolver by how they were answered: cached, shared (with somebody who asked the same at that moment), asked (name servers were)',
    ({ dns: { questions, cached, shared } }) => [
      [cached, 'cached'],
      [shared, 'shared'],
      [Math.max(0, questions - cached - shared), 'asked'],
    ],
  ),
  counter(
    'dns_questions_failed',
    [],
    'questions that no name server could answer; what waits for them is tried again',
    (m) => one(m.dns.failed),
  ),
  counter(
    'dns_stale_answers',
    [],
    'questions answered with records whose time was over, as nobody had newer ones (`resolver.serveStale`)',
    (m) => one(m.dns.stale),
  ),
  gauge('dns_pending', ['state'], 'questions now: asked (on the wire), waiting (for room on the wire)', (m) => [
    [m.dns.inFlight, 'asked'],
    [m.dns.waiting, 'waiting'],
  ]),
  gauge('dns_cache_entries', [], 'answers that are kept', (m) => one(m.dns.entries)),
  gauge(
    'dns_server_up',
    ['server'],
    '0 while a name server is asked after the others, as it was not heard lately, else 1',
    (m) => m.dns.servers.map(({ server, shunnedUntil }): Sample => [Number(shunnedUntil === null), server]),
  ),
  counter('dns_server_queries', ['server', 'protocol'], 'queries to a name server: udp, tcp', (m) =>
    m.dns.servers.flatMap(({ server, asked, byTcp }): Sample[] => [
      [asked, server, 'udp'],
      [byTcp, server, 'tcp'],
    ]),
  ),
  counter(
    'dns_server_failures',
    ['server', 'reason'],
    'queries that a name server did not answer: unheard (time-outs, and ports that are closed), servfail, useless (REFUSED, referrals, nonsense), stray (datagrams that answer nothing that was asked)',
    (m) =>
      m.dns.servers.flatMap(({ server, unheard, servfail, useless, stray }): Sample[] => [
        [unheard, server, 'unheard'],
        [servfail, server, 'servfail'],
        [useless, server, 'useless'],
        [stray, server, 'stray'],
      ]),
  ),
  gauge('event_loop_gap_max_seconds', [], 'longest time that the event loop stood still since the start', (m) =>
    one(m.status.eventLoopGapMs / 1000),
  ),
  gauge('resident_memory_bytes', [], 'memory of the process', (m) => one(m.status.memory.rssBytes)),
  gauge('heap_used_bytes', [], 'memory that JavaScript values take', (m) => one(m.status.memory.heapUsedBytes)),
]
