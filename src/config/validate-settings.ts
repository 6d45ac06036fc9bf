import { type HostPort, type Limits, type ResolverSettings, type Timeouts, usualStaleMs } from '../mail/settings.ts'
import { defaults } from './defaults.ts'
import type { Relaying as SurfaceRelaying } from './define.ts'
import type { Relaying } from './document.ts'
import { type Reading, unread } from './patterns.ts'
import { readHost } from './validate-host.ts'
import { readAddress } from './validate-network.ts'
import { durationAt, listOf, sizeAt, valueSpot, values } from './validate-read.ts'
import type { Report } from './validate-report.ts'
import { entries, items } from './validate-rows.ts'

/** The keys of a section over their defaults; what the structure check refused counts as not written. */
function over<T extends Readonly<Record<string, unknown>>>(
  report: Report,
  name: string,
  section: unknown,
  base: T,
): { [K in keyof T]: Widened<T[K]> } {
  const written = entries(section).filter(([key, value]) => value !== undefined && report.sound([name, key]))
  return Object.fromEntries([...Object.entries(base), ...written]) as { [K in keyof T]: Widened<T[K]> }
}
type Widened<V> = V extends number ? number : V extends string ? string : V

export function limits(report: Report, section: unknown): Limits {
  const { maxSize, ...counts } = over(report, 'limits', section, defaults.limits)
  const least = 64 * 1024
  const spot = valueSpot(['limits', 'maxSize'])
  const size = sizeAt(report, maxSize, spot)
  // RFC 5321 §4.5.3.1.7: at least 64K octets.
  if (size !== null && size < least)
    report.error('MG1208', spot, `expected at least "64KiB", got ${JSON.stringify(maxSize)}`)
  for (const key of ['maxSize', 'maxHops'] as const) {
    if (entries(section).some(([name]) => name === key))
      report.place(`limits.${key}`, { kind: 'key', path: ['limits', key] })
  }
  if (counts.sessionsPerClient > counts.sessions && entries(section).some(([name]) => name === 'sessionsPerClient')) {
    report.error(
      'MG1208',
      valueSpot(['limits', 'sessionsPerClient']),
      `expected at most limits.sessions (${counts.sessions}), got ${counts.sessionsPerClient}`,
    )
  }
  checkConnections(report, counts)
  return { ...counts, maxSizeBytes: size ?? least }
}

/** Less than either direction may have would take from both, and nobody could tell from which. */
function checkConnections(
  report: Report,
  counts: { readonly connections?: number; readonly sessions: number; readonly connectionsOut: number },
): void {
  const least = Math.max(counts.sessions, counts.connectionsOut)
  if (counts.connections === undefined || counts.connections >= least) return
  const message = `expected at least as many as limits.sessions and limits.connectionsOut (${least}), got ${counts.connections}`
  report.error('MG1208', valueSpot(['limits', 'connections']), message)
}

export function timeouts(report: Report, section: unknown): Timeouts {
  const texts = over(report, 'timeouts', section, defaults.timeouts)
  const ms = (key: keyof typeof defaults.timeouts) =>
    durationAt(report, texts[key], valueSpot(['timeouts', key])) ?? 1000
  return {
    commandMs: ms('command'),
    dataMs: ms('data'),
    sessionMs: ms('session'),
    connectMs: ms('connect'),
    greetingMs: ms('greeting'),
    replyMs: ms('reply'),
    dataBlockMs: ms('dataBlock'),
    dataDoneMs: ms('dataDone'),
    idleMs: ms('idle'),
  }
}

export function resolver(report: Report, section: unknown): ResolverSettings {
  const texts = over(report, 'resolver', section, defaults.resolver)
  const { servers, trustAd } = texts as { servers?: unknown; trustAd?: boolean }
  const list = servers === undefined ? [] : items(report, servers, ['resolver', 'servers'], 'server')
  return {
    servers: values(listOf(report, list, 'MG1305', readServer, ({ host, port }) => `${host} ${port}`)),
    timeoutMs: durationAt(report, texts.timeout, valueSpot(['resolver', 'timeout'])) ?? 1000,
    attempts: texts.attempts,
    ...(trustAd === undefined ? {} : { trustAd }),
    ...staleAt(report, texts.serveStale),
  }
}

/** The usual time is not said, so that the graph keeps its name. */
function staleAt(report: Report, text: string): Pick<ResolverSettings, 'serveStaleMs'> {
  const ms = durationAt(report, text, valueSpot(['resolver', 'serveStale']), 0)
  return ms === null || ms === usualStaleMs ? {} : { serveStaleMs: ms }
}

/** A DNS server is an address: its name would have to be looked up first. */
function readServer(text: string): Reading<HostPort> {
  const reading = readHost(text, 53)
  return reading.ok && readAddress(reading.value.host) === null ? unread('the address of a DNS server', text) : reading
}

/** @param now epoch ms: an open relay has an end, and the end is checked */
export function relaying(report: Report, value: unknown, now: number): Relaying {
  const at = 'relaying'
  if (value === undefined || !report.sound(['relaying'])) return { kind: defaults.relaying, at }
  report.place(at, { kind: 'key', path: ['relaying'] })
  const written = value as SurfaceRelaying
  if (typeof written === 'string') return { kind: written, at }
  const { reason, until } = written.unsafeOpenRelay
  const path = ['relaying', 'unsafeOpenRelay']
  const untilSpot = valueSpot([...path, 'until'])
  if (reason.trim() === '')
    report.error('MG1601', valueSpot([...path, 'reason']), 'expected the reason for an open relay, got an empty text')
  const end = endOfDay(until)
  if (end === null) {
    report.error(
      'MG1601',
      untilSpot,
      `expected the last day of the open relay, such as "2030-01-31", got ${JSON.stringify(until)}`,
    )
  } else if (end <= now) {
    report.error('MG1602', untilSpot, `this open relay ended with ${until} (UTC)`, {
      hint: 'write "two-way", or another end',
    })
  } else {
    report.warning(
      'MG1608',
      { kind: 'key', path: ['relaying'] },
      `anybody may send anything to anywhere through this gateway, until ${until}`,
    )
  }
  return { kind: 'open', reason: reason.trim(), until, at }
}

/** The moment after the day `2030-01-31`, or `null` for what is no day (`2030-02-30`). */
function endOfDay(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return null
  const start = Date.parse(`${text}T00:00:00Z`)
  if (Number.isNaN(start) || new Date(start).toISOString().slice(0, 10) !== text) return null
  return start + 86_400_000
}
