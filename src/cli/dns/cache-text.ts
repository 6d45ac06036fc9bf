import type { CacheAnswer } from '../../admin/dns-operations.ts'
import type { CacheView } from '../../dns/cache-view.ts'
import { durationText, oneLine, table } from '../text.ts'

/** Anybody may write what stands in the DNS, and at any length. */
const maxText = 120

/** A line for each answer, then the name servers. */
export function cacheText({ now, entries, total, servers, questions }: CacheAnswer): string {
  const head = ['name', 'type', 'state', 'kept since', 'TTL', 'left', 'hits', 'answer']
  const parts = [
    entries.length === 0
      ? 'nothing is kept\n'
      : table(
          head,
          entries.map((entry) => rowOf(entry, now)),
        ),
  ]
  const last = entries.at(-1)
  if (last !== undefined && entries.length < total) {
    parts.push(`${entries.length} of ${total}; the next ones: --after ${JSON.stringify(`${last.name} ${last.type}`)}\n`)
  }
  const { asked, cached, shared, failed, stale, inFlight, waiting } = questions
  parts.push(
    `questions  ${asked}: ${cached} from the cache, ${shared} together with another, ${failed} failed, ${stale} answered beyond their time; ${inFlight} under way, ${waiting} waiting\n`,
  )
  if (servers.length > 0) {
    const rows = servers.map(({ server, asked, byTcp, unheard, stray, edns, shunnedUntil }) => [
      server,
      ...[asked, byTcp, unheard, stray].map(String),
      edns ? 'yes' : 'no',
      shunnedUntil === null ? 'asked in turn' : `asked last for ${durationText(shunnedUntil - now)}`,
    ])
    parts.push(table(['server', 'asked', 'by TCP', 'unheard', 'stray', 'EDNS', 'state'], rows))
  }
  return parts.join('\n')
}

function rowOf({ name, type, kind, state, data, secure, storedAt, expiresAt, hits, why }: CacheView, now: number) {
  const said =
    kind === 'found' || kind === 'failed' ? data.join(', ') : kind === 'nxdomain' ? 'no such name' : 'no such record'
  const answer = `${said}${secure ? ' (validated)' : ''}${why === undefined ? '' : `; refresh failed: ${why}`}`
  return [
    oneLine(name),
    type,
    state,
    new Date(storedAt).toISOString().slice(0, 19).replace('T', ' '),
    durationText(expiresAt - storedAt),
    expiresAt > now ? durationText(expiresAt - now) : `over for ${durationText(now - expiresAt)}`,
    String(hits),
    short(answer),
  ]
}

function short(text: string): string {
  const line = oneLine(text)
  return line.length > maxText ? `${line.slice(0, maxText)}...` : line
}
