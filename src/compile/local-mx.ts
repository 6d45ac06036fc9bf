import { defaults } from '../config/defaults.ts'
import type { BySender, Document, DomainEntry, PlainTarget, Target } from '../config/document.ts'
import { leaves } from '../config/target-kinds.ts'
import { coveringPatterns, mailboxKey } from '../graph/pattern.ts'
import { assertNever } from '../mail/result.ts'
import type { Builder, Ref, Row } from './builder.ts'
import { existenceRows, type OurDomains } from './our-domains.ts'
import { parkReason } from './recipients.ts'
import type { Report } from './report.ts'

/**
 * Where mail for each domain goes: exact, then the longest `*.suffix`, then `*`. A local domain has a row of its own that
 * delivers; a domain without any row has no route, and a recipient there is refused at RCPT, never accepted and kept.
 */
export function localMx(build: Builder, document: Document, ours: OurDomains, report: Report): Ref {
  const rows = new Map<string, Row>()
  for (const { pattern, target, at } of document.localMx) {
    const twice = rows.get(pattern)
    if (twice !== undefined)
      report.error('MG2001', at, `${pattern} is in localMx twice`, { at: twice[2], message: 'first here' })
    else rows.set(pattern, [pattern, wayOf(build, target), at])
  }
  const written = new Map(document.localMx.map((row) => [row.pattern, row]))
  for (const entry of ours.entries) {
    if (entry.kind !== 'local') continue
    const own = written.get(entry.pattern)
    if (own === undefined)
      rows.set(entry.pattern, [entry.pattern, leafOf(build, { kind: 'deliver', dir: defaults.dir }), entry.at])
    else if (leaves(own.target)) {
      report.error(
        'MG2006',
        own.at,
        `${entry.pattern} is a local domain and routed elsewhere; make it a relay domain`,
        { at: entry.at, message: 'local here' },
      )
    }
  }
  for (const entry of ours.entries) {
    if (entry.kind === 'relay' && !coveringPatterns(entry.pattern).some((pattern) => rows.has(pattern))) {
      report.error('MG2004', entry.at, `mail for ${entry.pattern} has no route: no row of localMx matches it`)
    }
  }
  const noRoute = build.leaf({
    kind: 'refuse',
    code: 550,
    status: '5.1.2',
    text: 'no route to this domain',
    at: 'localMx',
  })
  const routes = build.table('recipient', rows.values(), noRoute, 'localMx')
  return parked(build, document, ours, routes)
}

/** Unknown recipients of domains that park them are held, here and at every attempt, until a list has them. */
function parked(build: Builder, document: Document, ours: OurDomains, routes: Ref): Ref {
  const isParking = ({ recipients, unknown }: DomainEntry) => recipients !== null && unknown.kind === 'park'
  const parking = new Set(ours.entries.filter(isParking).map(({ pattern }) => pattern))
  if (parking.size === 0) return routes
  const rows = ours.entries.flatMap((entry): Row[] => {
    if (!isParking(entry)) {
      // Below a wildcard that parks, a domain of its own does not.
      const isBelow = coveringPatterns(entry.pattern).some((pattern) => parking.has(pattern))
      return isBelow ? [[entry.pattern, routes, '']] : []
    }
    const hold = build.leaf({ kind: 'hold', reason: parkReason, at: entry.at })
    const { postmaster } = document
    const implied: Row[] =
      ours.governing(postmaster.domain) === entry && !ours.lists(entry, postmaster.localPart)
        ? [[mailboxKey(postmaster), routes, 'postmaster']]
        : []
    return existenceRows(build, entry, routes, hold, implied)
  })
  return build.table('recipient', rows, routes)
}

const wayOf = (build: Builder, target: Target): Ref =>
  target.kind === 'by-sender' ? bySender(build, target) : leafOf(build, target)

/**
 * The null sender and whoever is not known go the way of `*`. A notification has nobody's sender, and a question without a
 * sender (`docs/explain.md`) is about everybody.
 */
function bySender(build: Builder, { rows }: BySender): Ref {
  const ways = rows.map(({ pattern, target, at }): Row => [pattern, leafOf(build, target), at])
  const [, others] = ways.find(([pattern]) => pattern === '*')!
  return build.table('sender', ways, others)
}

/** Many rows share one leaf: which row it was is known from the row. */
function leafOf(build: Builder, target: PlainTarget): Ref {
  const at = null
  switch (target.kind) {
    case 'relay':
      return build.leaf({ kind: 'relay', relay: target.relay, at })
    case 'hosts':
      return build.leaf({ kind: 'hosts', hosts: target.hosts.map(({ host, port }) => ({ host, port })), at })
    case 'mx':
      return build.leaf({ kind: 'mx', tls: target.tls, at })
    case 'deliver':
      return build.leaf({ kind: 'deliver', dir: target.dir, at })
    case 'reject':
      return build.leaf({ kind: 'refuse', code: target.code, status: target.status, text: target.text, at })
    case 'hold':
      return build.leaf({ kind: 'hold', reason: target.reason, at })
    case 'discard':
      return build.leaf({ kind: 'discard', at })
    default:
      return assertNever(target)
  }
}
