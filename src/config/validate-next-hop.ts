import {
  type DeliveryRate,
  type DestinationSettings,
  mxHostPrefix,
  type NextHopSettings,
  ofMxHosts,
  type Reaction,
  type ReactionDeed,
} from '../mail/next-hop-settings.ts'
import { readMatch } from '../mail/reply-match.ts'
import type { NextHop, Reaction as SurfaceReaction } from './define-egress.ts'
import { readDomainPattern } from './patterns.ts'
import type { DocPath } from './positions.ts'
import { readRate } from './validate-rates.ts'
import { atOf, durationAt, take, twice, valueSpot } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { contentAt } from './validate-rewrite.ts'
import { entries } from './validate-rows.ts'

/** What is said of one next hop at `path`, without `connections`. Only what is written is in it. */
export function nextHopSettings(report: Report, written: NextHop, path: DocPath): NextHopSettings {
  const { rate, messagesPerConnection, recipientsPerMessage, egress, reactions, retry, dsn } = written
  const pace = rate === undefined ? null : rateAt(report, rate, [...path, 'rate'])
  return {
    ...(pace === null ? {} : { rate: pace }),
    ...(messagesPerConnection === undefined ? {} : { messagesPerConnection }),
    ...(recipientsPerMessage === undefined ? {} : { recipientsPerMessage }),
    ...(egress === undefined ? {} : { egress }),
    ...contentAt(report, written, path),
    ...(reactions === undefined ? {} : { reactions: reactionsAt(report, reactions, [...path, 'reactions']) }),
    ...(retry === undefined ? {} : { retry }),
    ...(dsn === undefined ? {} : { dsn }),
  }
}

/** The section `destinations`, in the document's order. */
export function destinations(report: Report, section: unknown): (DestinationSettings & { readonly at: string })[] {
  const list: (DestinationSettings & { readonly at: string })[] = []
  const known = new Map<string, Spot>()
  for (const [key, value] of entries(section)) {
    const path = ['destinations', key]
    if (!report.sound(path)) continue
    const spot: Spot = { kind: 'key', path }
    const isOfHosts = key.startsWith(mxHostPrefix)
    const read = readDomainPattern(isOfHosts ? key.slice(mxHostPrefix.length) : key)
    const found = take(report, 'MG1301', spot, read)
    const pattern = found === null || !isOfHosts ? found : `${mxHostPrefix}${found}`
    if (pattern === null) continue
    const first = known.get(pattern)
    if (first !== undefined) twice(report, spot, key, first)
    known.set(pattern, spot)
    const written = value as NextHop
    if (Object.keys(written).length === 0) report.error('MG1205', spot, 'expected at least one key, got none')
    if (isOfHosts) checkOfHosts(report, written, path)
    const at = atOf(path)
    report.place(at, spot)
    // The graph has the pattern, however it was written.
    report.place(atOf(['destinations', pattern]), spot)
    const { connections } = written
    list.push({
      at,
      pattern,
      ...(connections === undefined ? {} : { connections }),
      ...nextHopSettings(report, written, path),
    })
  }
  return list
}

/** Where mail is from, what becomes of its addresses and how long it waits is decided before anybody asks the DNS. */
function checkOfHosts(report: Report, written: NextHop, path: DocPath): void {
  for (const key of Object.keys(written)) {
    if (ofMxHosts.has(key)) continue
    const hint = 'say it of the domains, or of "*"'
    report.error('MG1452', { kind: 'key', path: [...path, key] }, 'cannot be said of MX hosts', { hint })
  }
  for (const [i, one] of (Array.isArray(written.reactions) ? written.reactions : []).entries()) {
    if (!report.sound([...path, 'reactions', i]) || !('suspend' in one.do)) continue
    const spot = valueSpot([...path, 'reactions', i, 'do'])
    report.error('MG1452', spot, 'expected a back-off or a slower rate: a next hop is suspended, and these are several')
  }
}

function rateAt(report: Report, text: string, path: DocPath): DeliveryRate | null {
  return take(report, 'MG1332', valueSpot(path), readRate(text, 'messages'))
}

function reactionsAt(report: Report, written: readonly SurfaceReaction[], path: DocPath): Reaction[] {
  const list: Reaction[] = []
  const known = new Map<string, Spot>()
  for (const [i, reaction] of written.entries()) {
    if (!report.sound([...path, i])) continue
    const spot = valueSpot([...path, i, 'match'])
    const match = readMatch(reaction.match)
    if (!match.ok) {
      report.error('MG1350', spot, match.error)
      continue
    }
    const first = known.get(reaction.match)
    if (first !== undefined) twice(report, spot, reaction.match, first)
    known.set(reaction.match, spot)
    const deed = deedAt(report, reaction.do, [...path, i, 'do'])
    if (deed !== null) list.push({ match: reaction.match, do: deed })
  }
  return list
}

function deedAt(report: Report, written: SurfaceReaction['do'], path: DocPath): ReactionDeed | null {
  if ('backoff' in written) {
    const forMs = durationAt(report, written.backoff, valueSpot([...path, 'backoff']))
    return forMs === null ? null : { kind: 'back-off', forMs }
  }
  if ('suspend' in written) {
    const forMs = durationAt(report, written.suspend, valueSpot([...path, 'suspend']), 60_000)
    return forMs === null ? null : { kind: 'suspend', forMs }
  }
  const forMs = durationAt(report, written.for, valueSpot([...path, 'for']))
  const rate = rateAt(report, written.slow, [...path, 'slow'])
  return forMs === null || rate === null ? null : { kind: 'slow', rate, forMs }
}
