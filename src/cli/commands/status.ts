import type { Status } from '../../admin/operations.ts'
import { askForJson } from '../admin-client.ts'
import { flag, type Run } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'
import { bytesText, durationText, oneLine, table } from '../text.ts'
import { overlaysText } from './overlay-list.ts'

export const run: Run = async ({ options, terminal }) => {
  const status = (await askForJson(socketOf(stateDirOf(options)), 'GET', '/status')) as Status
  terminal.out(flag(options, 'json') ? `${JSON.stringify(status, null, 2)}\n` : statusText(status, Date.now()))
  return 0
}

function statusText(status: Status, now: number): string {
  const counts = (record: Readonly<Record<string, number>>) =>
    Object.entries(record)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ')
  const lines = [
    `mailgw ${status.version}, pid ${status.pid}, up ${durationText(now - status.startedAt)}${status.draining ? ', draining' : ''}`,
    `graph     ${status.graph}`,
    `hostname  ${status.hostname}`,
    `sessions  ${status.sessions} in, ${status.connectionsOut} out`,
    `queue     ${counts(status.queue)}`,
    ...bannedText(status),
    ...refusalText(status),
    ...nameServersText(status, now),
    ...sourcesText(status),
    `memory    ${bytesText(status.memory.rssBytes)}, longest gap of the event loop ${status.eventLoopGapMs.toFixed(1)} ms`,
    '',
    table(
      ['listener', 'kind', 'address', 'sessions'],
      status.listeners.map((listener) => [
        listener.name,
        listener.kind,
        listener.addresses.join(' '),
        String(listener.sessions),
      ]),
    ),
  ]
  lines.push(...certificatesText(status, now))
  if (status.nextHops.length > 0)
    lines.push(table(['next hop', 'state', 'waiting', 'active', 'why'], status.nextHops.map(nextHopRow)))
  lines.push(...credentialsText(status, now), ...recipientChecksText(status, now), ...tokensText(status, now))
  lines.push(...policiesText(status, now))
  if (status.overlays.length > 0) lines.push(`overlays\n${overlaysText(status.overlays, now)}`)
  return `${lines.join('\n')}\n`
}

/** What an operator should know of refusals, and nothing when all is well. An older gateway does not say. */
function refusalText({ softBounce, lists = [], watched = [] }: Status): string[] {
  const sick = lists.filter(({ state }) => state === 'silent' || state === 'greedy')
  return [
    ...(softBounce ? ['refusals  all for now, none for good (softBounce)'] : []),
    ...sick.map(({ zone, state, why }) => `DNS list  ${zone} is ${state}: ${why}`),
    ...watched
      .filter(({ error }) => error !== null)
      .map(({ path, error }) => `watched   ${path} cannot be read: ${error}`),
  ]
}

/** A gateway before pools does not say. */
function sourcesText({ unusableSources }: Status): string[] {
  const sources = (unusableSources as Status['unusableSources'] | undefined) ?? []
  return sources.map(({ address, why }) => `source    ${address} ${why}`)
}

/** Those that were not heard lately: what is known from before serves on for a while, and everything else waits. */
const nameServersText = ({ nameServers = [] }: Status, now: number): string[] =>
  nameServers.flatMap(({ server, shunnedUntil }) =>
    shunnedUntil === null
      ? []
      : [`DNS       ${server} was not heard, asked last for ${durationText(shunnedUntil - now)} (mailgw dns cache)`],
  )

/** A line only when there is something in it. A gateway before bans does not say. */
function bannedText({ banned }: Status): string[] {
  const { clients = 0, accounts = 0 } = (banned as Status['banned'] | undefined) ?? {}
  if (clients + accounts === 0) return []
  return [`banned    ${clients} clients, ${accounts} accounts locked (mailgw ban list)`]
}

/** A gateway before TLS does not say. */
function certificatesText(status: Status, now: number): string[] {
  const certificates = (status.certificates as Status['certificates'] | undefined) ?? []
  if (certificates.length === 0) return []
  const rows = certificates.map(({ name, names, listeners, notBefore, notAfter, stale }) => [
    name,
    names.join(' '),
    listeners.join(' '),
    new Date(notAfter).toISOString().slice(0, 10),
    now < notBefore
      ? 'NOT VALID YET'
      : now >= notAfter
        ? 'EXPIRED'
        : `${Math.floor((notAfter - now) / 86_400_000)} days`,
    stale === null ? '' : `not renewed: ${stale}`,
  ])
  return [table(['certificate', 'for', 'listeners', 'valid until', 'left', ''], rows)]
}

/** A table only where logins are a matter. A gateway before logins does not say. */
function credentialsText({ credentials }: Status, now: number): string[] {
  const known = (credentials as Status['credentials'] | undefined) ?? []
  if (known.length === 0) return []
  const rows = known.map(({ id, kind, state, since, accepted, refused, errors, lastError }) => [
    id,
    kind,
    since === null ? state : `${state} for ${durationText(now - since)}`,
    String(accepted),
    String(refused),
    String(errors),
    state === 'failing' ? (lastError?.why ?? '') : '',
  ])
  return [table(['credentials', 'kind', 'state', 'accepted', 'refused', 'errors', 'why'], rows)]
}

/** A table only where recipients are asked about. A gateway before that does not say. */
function recipientChecksText({ recipientChecks }: Status, now: number): string[] {
  const known = (recipientChecks as Status['recipientChecks'] | undefined) ?? []
  if (known.length === 0) return []
  const rows = known.map(({ id, kind, state, since, answers, remembered, lastError }) => [
    id,
    kind,
    since === null ? state : `${state} for ${durationText(now - since)}`,
    String(answers.exists),
    String(answers.unknown),
    String(answers.error),
    String(remembered),
    state === 'failing' ? oneLine(lastError?.why ?? '') : '',
  ])
  return [table(['recipients by', 'kind', 'state', 'exist', 'unknown', 'errors', 'remembered', 'why'], rows)]
}

/** At most that many are shown; `--json` has all. */
const shownPolicies = 20

/** What other domains demand of TLS. A gateway before MTA-STS does not say. */
function policiesText({ tlsPolicies }: Status, now: number): string[] {
  const known = (tlsPolicies as Status['tlsPolicies'] | undefined) ?? []
  if (known.length === 0) return []
  const rows = known
    .slice(-shownPolicies)
    .map(({ domain, mode, mx, expiresAt, refreshFailed }) => [
      domain,
      mode,
      mx.join(' '),
      durationText(Math.max(0, expiresAt - now)),
      refreshFailed === null ? '' : `not renewed: ${refreshFailed}`,
    ])
  const more = known.length > rows.length ? [`${known.length - rows.length} more MTA-STS policies (--json)`] : []
  return [table(['MTA-STS policy', 'mode', 'MX hosts', 'expires in', ''], rows), ...more]
}

/** A table only where relays log in with tokens. A gateway before tokens does not say. */
function tokensText({ tokens }: Status, now: number): string[] {
  const known = (tokens as Status['tokens'] | undefined) ?? []
  if (known.length === 0) return []
  const left = (at: number | null) => (at === null ? '' : at <= now ? 'now' : `in ${durationText(at - now)}`)
  const rows = known.map(({ relays, provider, state, validUntil, nextAt, lastError, refusedBy }) => [
    relays.join(' '),
    provider,
    state,
    validUntil === null ? 'none' : `for ${durationText(validUntil - now)}`,
    left(nextAt),
    state === 'refused' ? `refused by ${refusedBy.join(', ')}, also when it was new` : (lastError?.why ?? ''),
  ])
  return [table(['token for', 'of', 'state', 'valid', 'next', 'why'], rows)]
}

function nextHopRow(value: unknown): string[] {
  const hop = value as { nextHop?: unknown; state?: unknown; waiting?: unknown; active?: unknown; why?: unknown }
  return [hop.nextHop, hop.state, hop.waiting, hop.active, hop.why ?? ''].map(String)
}
