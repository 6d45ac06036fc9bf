import type { DestinationSettings } from '../mail/next-hop-settings.ts'
import type { HostPort } from '../mail/settings.ts'
import type { ClientEntry, DomainEntry, LocalMxRow, Relaying, Target } from './document.ts'
import { covering } from './patterns.ts'
import type { DocPath } from './positions.ts'
import { leaves, plainTargets } from './target-kinds.ts'
import { hostText } from './validate-host.ts'
import { type Bound, ownListener } from './validate-listeners.ts'
import type { Routes } from './validate-local-mx.ts'
import type { RelayEntry } from './validate-relays.ts'
import type { Report, Spot } from './validate-report.ts'
import type { Retrying } from './validate-retry.ts'

export type Routing = {
  readonly domains: readonly DomainEntry[]
  /** Key places of all domains, also of those whose entry is wrong. */
  readonly domainKeys: ReadonlyMap<string, Spot>
  readonly routes: Routes
}

/** A domain is either delivered here or routed elsewhere, and a domain that is routed elsewhere has a route. */
export function checkDomainsAgainstRoutes(report: Report, routing: Routing): void {
  const { domains, domainKeys, routes } = routing
  const byPattern = new Map(domains.map((entry) => [entry.pattern, entry]))
  for (const { pattern, target } of routes.list) {
    if (!leaves(target)) continue
    const entry = firstOf(byPattern, pattern)
    if (entry === undefined || entry.kind !== 'local') continue
    const key = JSON.stringify(entry.pattern)
    const own = JSON.stringify(pattern)
    report.error(
      'MG1501',
      routes.byPattern.get(pattern)!.pair.keySpot,
      `is routed elsewhere, but domains[${key}] delivers it here`,
      {
        related: related(domainKeys.get(entry.pattern), 'local here'),
        hint: `one of three: leave this row out (deliver here); write domains: { ${own}: 'relay' } (accept, and send on by this row); take ${key} out of domains (a domain of others)`,
      },
    )
  }
  for (const entry of domains) {
    if (entry.kind === 'local') continue
    const spot = domainKeys.get(entry.pattern)!
    const hit = [...covering(entry.pattern)].find(
      (pattern) => routes.byPattern.has(pattern) || byPattern.get(pattern)?.kind === 'local',
    )
    const row = hit === undefined ? undefined : routes.byPattern.get(hit)
    if (hit === undefined || row === undefined) {
      const beside = hit === undefined ? '' : `: the next one is domains[${JSON.stringify(hit)}], which is local`
      report.error('MG1502', spot, `is a relay domain, but no row of localMx routes it${beside}`, {
        hint: `write localMx: { ${JSON.stringify(entry.pattern)}: host('...') }, or make it 'local'`,
      })
    } else if (row.row?.target.kind === 'deliver') {
      report.error('MG1501', spot, `is a relay domain, but localMx[${JSON.stringify(hit)}] delivers it here`, {
        related: related(row.pair.keySpot, 'delivered here'),
        hint: "make the domain 'local', or route it elsewhere",
      })
    }
  }
}

/** A route to one of our own listeners is a loop that ends only after limits.maxHops turns (READINGS 10). */
export function checkOwnListeners(
  report: Report,
  routes: Routes,
  relays: readonly RelayEntry[],
  bound: readonly Bound[],
): void {
  const tell = (host: HostPort, spot: Spot) => {
    const listener = ownListener(host, bound)
    if (listener === null) return
    report.error('MG1503', spot, `${hostText(host)} is our own listener "${listener.listener}": mail would go round`, {
      related: [{ message: 'listens here', spot: listener.spot }],
    })
  }
  for (const { placedHosts } of relays) for (const { value, spot } of placedHosts) tell(value, spot)
  const seen = new Set<Target>()
  for (const row of routes.list) {
    for (const target of plainTargets(row.target)) {
      if (target.kind !== 'hosts' || seen.has(target)) continue
      seen.add(target)
      for (const host of target.hosts) tell(host, routes.byPattern.get(row.pattern)!.pair.valueSpot)
    }
  }
}

/**
 * Clients that may send anywhere have a way to anywhere. Without a row for `*` their mail to every domain that no row
 * names is refused, and whoever wants that says so with a row. Without any row at all nothing is meant to leave.
 */
export function checkFallback(
  report: Report,
  routes: Routes,
  relaying: Relaying['kind'],
  clients: readonly ClientEntry[],
): void {
  const anywhere = clients.find(({ internal, recipients }) => internal && recipients === null)
  if (relaying === 'local-only' || anywhere === undefined || routes.list.length === 0 || routes.byPattern.has('*'))
    return
  report.error(
    'MG1510',
    { kind: 'key', path: ['localMx'] },
    `clients such as "${anywhere.name}" may send anywhere, but no row matches other domains: that mail is refused`,
    { hint: "write '*': via('...') or mx(); if it is meant so, '*': reject(550, 'no mail to elsewhere')" },
  )
}

/** RFC 5321 §4.5.4.1. */
const leastLifeMs = 4 * 86_400_000

/** What is legal, and unwise once mail goes to strangers. */
export function checkTowardsInternet(
  report: Report,
  routes: Routes,
  { policy, schedules }: Retrying,
  destinations: readonly DestinationSettings[],
  mxPort: number,
): void {
  if (mxPort !== 25) {
    report.warning(
      'MG1505',
      { kind: 'value', path: ['mxPort'] },
      `is for labs: hosts of the internet take mail on port 25 alone, not on ${mxPort}`,
    )
    return
  }
  const byMx = ({ target }: LocalMxRow) => plainTargets(target).some(({ kind }) => kind === 'mx')
  const tell = (path: DocPath, internet: LocalMxRow) => {
    const text = 'is short for mail to the internet: RFC 5321 §4.5.4.1 asks for 4 to 5 days, over a weekend too'
    report.warning('MG1504', { kind: 'value', path }, text, {
      related: [{ message: 'to the internet here', spot: routes.byPattern.get(internet.pattern)!.pair.keySpot }],
    })
  }
  const internet = routes.list.find(byMx)
  if (internet === undefined) return
  if (policy.expireAfterMs < leastLifeMs) tell(['retry', 'expireAfter'], internet)
  for (const { name, expireAfterMs } of schedules) {
    // One that says nothing of its own has the life of all, which has been told.
    if (expireAfterMs >= leastLifeMs || expireAfterMs === policy.expireAfterMs) continue
    const users = destinations.filter(({ retry }) => retry === name).map(({ pattern }) => pattern)
    // A row of theirs, or the row that they fall to.
    const theirs = new Set(users.map((pattern) => firstOf(routes.byPattern, pattern)?.row?.pattern))
    const way = routes.list.find(
      (row) => byMx(row) && (theirs.has(row.pattern) || [...covering(row.pattern)].some((one) => users.includes(one))),
    )
    if (way !== undefined) tell(['retry', 'schedules', name, 'expireAfter'], way)
  }
}

/** The entry of the most specific pattern that covers `pattern`. */
export function firstOf<T>(byPattern: ReadonlyMap<string, T>, pattern: string): T | undefined {
  for (const wider of covering(pattern)) {
    const found = byPattern.get(wider)
    if (found !== undefined) return found
  }
  return undefined
}

const related = (spot: Spot | undefined, message: string) => (spot === undefined ? [] : [{ message, spot }])
