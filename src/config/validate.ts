import type { Domain } from '../mail/domain.ts'
import { defaults } from './defaults.ts'
import type { Diagnostic } from './diagnostic.ts'
import type { Document } from './document.ts'
import { readMailbox } from './patterns.ts'
import type { Position } from './positions.ts'
import { schema } from './schema.ts'
import { type Source, TableFile } from './source.ts'
import { admin } from './validate-admin.ts'
import { aliases } from './validate-aliases.ts'
import { bans } from './validate-bans.ts'
import { certificates } from './validate-certificates.ts'
import { checks } from './validate-checks.ts'
import { claims, type Names } from './validate-claims.ts'
import { checkSomebodySends, clients } from './validate-clients.ts'
import { checkReturns, copies } from './validate-copies.ts'
import { credentials } from './validate-credentials.ts'
import { deny } from './validate-deny.ts'
import { dnsbl, dnsblThreshold } from './validate-dnsbl.ts'
import { domains } from './validate-domains.ts'
import { checkPoolNames, egress } from './validate-egress.ts'
import { envelopeLog } from './validate-envelopes.ts'
import { gateways } from './validate-gateways.ts'
import { checkHintNames } from './validate-hints.ts'
import { listeners, readHostname } from './validate-listeners.ts'
import { localMx } from './validate-local-mx.ts'
import { checkMailboxes } from './validate-mailboxes.ts'
import { checkListenerNames, checkRelayNames } from './validate-names.ts'
import { destinations } from './validate-next-hop.ts'
import { notifications } from './validate-notifications.ts'
import { take, valueSpot } from './validate-read.ts'
import { checkCallouts, checkVerifyNames, recipientChecks } from './validate-recipient-checks.ts'
import { relays } from './validate-relays.ts'
import { findings, sorted } from './validate-report.ts'
import { checkScheduleNames, retry } from './validate-retry.ts'
import { checkDomainsAgainstRoutes, checkFallback, checkOwnListeners, checkTowardsInternet } from './validate-routes.ts'
import { entries } from './validate-rows.ts'
import { limits, relaying, resolver, timeouts } from './validate-settings.ts'
import { checkStructure } from './validate-structure.ts'
import { tlsPolicy, tlsReports } from './validate-tls-policy.ts'

export type Validated = {
  /** `null` when a diagnostic is an error. */
  readonly document: Document | null
  readonly diagnostics: readonly Diagnostic[]
  /** Where the element of each `at` in the document was written. */
  readonly places: ReadonlyMap<string, Position>
}

/**
 * Reads the meaning of a document: structure by the schema, then texts, then how the parts fit. All problems are told at
 * once; what is wrong in one place is not told again where it is used. `now` (epoch ms) is what an end date is held against.
 */
export function validate(source: Source, options: { readonly now?: number } = {}): Validated {
  const { report, diagnostics, places } = findings(source.positions)
  const value = new Map(entries(source.value))
  const get = (key: string): unknown => value.get(key)
  checkStructure(schema, source.value, report, (path, part) => ({ kind: part, path }))

  const hostname =
    text(get('hostname')) === null
      ? null
      : take(report, 'MG1310', valueSpot(['hostname']), readHostname(String(get('hostname'))))
  const postmaster =
    text(get('postmaster')) === null
      ? null
      : take(report, 'MG1303', valueSpot(['postmaster']), readMailbox(String(get('postmaster'))))
  report.place('postmaster', valueSpot(['postmaster']))
  if (get('localMx') !== undefined) report.place('localMx', { kind: 'key', path: ['localMx'] })

  const bounds = limits(report, get('limits'))
  const vouching = certificates(report, get('certificates'))
  const logins = credentials(report, get('credentials'))
  const context = { certificates: vouching, credentials: logins }
  const { list: sockets, bound } = listeners(report, get('listeners'), hostname, bounds.maxSizeBytes, context)
  const ours = domains(report, get('domains'))
  const known = clients(report, get('trusted'), get('clients'), sockets)
  const hops = relays(report, get('relays'), bounds.connectionsPerNextHop)
  const shaped = destinations(report, get('destinations'))
  const pools = egress(report, get('egress'))
  const routes = localMx(report, get('localMx'))
  const names = aliases(report, get('aliases'))
  const retrying = retry(report, get('retry'))
  const telling = notifications(report, get('notifications'))
  const lists = dnsbl(report, get('dnsbl'))
  const threshold = dnsblThreshold(report, get('dnsblThreshold'), lists)
  const asked = checks(report, get('checks'))
  const verifying = recipientChecks(report, get('recipientChecks'))
  const declared: Names = {
    listener: isSection(get('listeners')) ? entries(get('listeners')).map(([name]) => name) : null,
    relay: isSection(get('relays')) ? entries(get('relays')).map(([name]) => name) : null,
    dnsbl: report.sound(['dnsbl']) ? idsOf(get('dnsbl')) : null,
  }
  const mxPort = report.sound(['mxPort']) ? ((get('mxPort') as number | undefined) ?? defaults.mxPort) : defaults.mxPort
  const towards = tlsPolicy(report, get('tlsPolicy'))
  const reporting = tlsReports(report, get('tlsReports'), postmaster, hostname)
  const document = {
    apiVersion: 'mailgw/1' as const,
    hostname: hostname ?? ('' as Domain),
    postmaster: postmaster!,
    listeners: sockets,
    certificates: vouching.list,
    credentials: logins.list,
    bans: bans(report, get('bans'), known),
    domains: ours.list,
    clients: known,
    relaying: relaying(report, get('relaying'), options.now ?? Date.now()),
    relays: hops.map(({ placedHosts, ...relay }) => relay),
    ...(shaped.length === 0 ? {} : { destinations: shaped }),
    ...(pools.length === 0 ? {} : { egress: pools }),
    localMx: routes.list,
    dnsbl: lists,
    ...(threshold === null ? {} : { dnsblThreshold: threshold }),
    ...(asked.length === 0 ? {} : { checks: asked }),
    ...(verifying.length === 0 ? {} : { recipientChecks: verifying }),
    ...(get('learnSizes') === 'on' ? { learnSizes: 'on' as const } : {}),
    ...(get('softBounce') === true ? { softBounce: true as const } : {}),
    deny: deny(report, get('deny')),
    aliases: [...names.values()].map(({ at, alias, to }) => ({ at, alias, to })),
    limits: bounds,
    timeouts: timeouts(report, get('timeouts')),
    retry: retrying.policy,
    ...(retrying.schedules.length === 0 ? {} : { schedules: retrying.schedules }),
    ...(telling === null ? {} : { notifications: telling }),
    resolver: resolver(report, get('resolver')),
    mxPort,
    ...(towards === null ? {} : { tlsPolicy: towards }),
    ...(reporting === null ? {} : { tlsReports: reporting }),
    prove: claims(report, get('prove'), declared),
    gateways: gateways(report, get('gateways')),
    admin: admin(report, get('admin'), bound),
    envelopeLog: envelopeLog(report, get('envelopeLog')),
    ...copies(report, get, ours.keys),
  }

  const routing = { domains: ours.list, domainKeys: ours.keys, routes }
  // Of a section that is no section at all, nothing is concluded.
  const readable = (...sections: string[]) =>
    sections.every((name) => isSection(get(name)) && (name === 'localMx' || !(get(name) instanceof TableFile)))
  const complete = routes.list.length === routes.byPattern.size && report.sound(['localMx'])
  // Of a listener that could not be read nobody knows what it would have used.
  if (isSection(get('listeners')) && report.sound(['listeners'])) {
    vouching.tellUnused(report)
    logins.tellUnused(report)
  }
  const chosen = readable('clients', 'egress')
    ? checkHintNames(report, get('clients'), {
        egress: entries(get('egress')).map(([name]) => name),
        schedule: retrying.schedules.map(({ name }) => name),
      })
    : { egress: [], schedule: [] }
  if (readable('relays', 'destinations', 'egress', 'clients')) {
    const users = ['relays', 'destinations'] as const
    checkPoolNames(
      report,
      users.map((name) => [name, get(name)] as const),
      get('egress'),
      chosen.egress,
    )
  }
  if (readable('relays', 'destinations', 'clients')) {
    const users = (['relays', 'destinations'] as const).map((name) => [name, get(name)] as const)
    checkScheduleNames(report, users, retrying, chosen.schedule)
  }
  if (readable('relays', 'localMx')) checkRelayNames(report, get('relays'), routes, complete)
  if (readable('domains', 'recipientChecks')) checkVerifyNames(report, get('recipientChecks'), get('domains'))
  if (readable('domains', 'localMx')) checkCallouts(report, routing, verifying)
  if (readable('listeners')) checkListenerNames(report, get('dnsbl'), get('deny'), get('checks'), get('listeners'))
  if (readable('domains', 'localMx')) checkDomainsAgainstRoutes(report, routing)
  if (report.sound(['trusted']) && report.sound(['clients'])) {
    checkSomebodySends(report, document.relaying, known, get('relaying') !== undefined)
    if (readable('localMx') && complete) checkFallback(report, routes, document.relaying.kind, known)
  }
  checkOwnListeners(report, routes, hops, bound)
  checkTowardsInternet(report, routes, retrying, shaped, mxPort)
  checkReturns(report, document.srs, document.relaying.kind)
  if (readable('domains', 'localMx')) checkMailboxes(report, routing, names, postmaster)

  const wrong = diagnostics.some(({ severity }) => severity === 'error')
  return { document: wrong ? null : document, diagnostics: sorted(diagnostics), places }
}

const idsOf = (section: unknown): string[] =>
  Array.isArray(section) ? section.map((entry) => (entry as { id: string }).id) : []

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)

const isSection = (value: unknown): boolean =>
  value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value))
