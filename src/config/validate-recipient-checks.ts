import type { CalloutRecipients, HttpRecipients, LdapRecipients } from '../mail/recipient-check.ts'
import { defaults } from './defaults.ts'
import type { RecipientCheck } from './define-recipients.ts'
import type { RecipientCheckEntry } from './document-recipients.ts'
import type { DocPath } from './positions.ts'
import { didYouMean } from './suggest.ts'
import { leaves } from './target-kinds.ts'
import { fileAt } from './validate-file.ts'
import { ldapServers, readDn, readFilter } from './validate-ldap.ts'
import { http } from './validate-login-server.ts'
import { atOf, durationAt, nameAt, take, valueSpot } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { firstOf, type Routing } from './validate-routes.ts'
import { entries } from './validate-rows.ts'
import { checkSecret } from './validate-secret.ts'

const kinds = ['ldap', 'http', 'callout'] as const

/** What stands in filters for the recipient. */
const placeholders = ['{address}', '{localPart}', '{domain}']

/** How recipients are found out about, by name. */
export function recipientChecks(report: Report, section: unknown): RecipientCheckEntry[] {
  const list: RecipientCheckEntry[] = []
  for (const [id, value] of entries(section)) {
    const path = ['recipientChecks', id]
    if (!report.sound(path)) continue
    const keySpot: Spot = { kind: 'key', path }
    nameAt(report, id, keySpot)
    report.place(atOf(path), keySpot)
    const entry = entryOf(report, id, value as RecipientCheck, path)
    if (entry !== null) list.push(entry)
  }
  return list
}

function entryOf(report: Report, id: string, written: RecipientCheck, path: DocPath): RecipientCheckEntry | null {
  const [kind, second] = kinds.filter((one) => written[one] !== undefined)
  if (kind === undefined || second !== undefined) {
    const spot: Spot = { kind: 'key', path: second === undefined ? path : [...path, second] }
    const got = second === undefined ? 'none of them' : `${kind} and ${second}`
    report.error('MG1334', spot, `expected one of ${kinds.join(', ')}, got ${got}`)
    return null
  }
  const { cache = {}, timeout, onError } = written
  const usual = defaults.recipientCheck
  const time = (text: string, ...where: string[]) => durationAt(report, text, valueSpot([...path, ...where])) ?? 1000
  const timeoutMs = time(timeout ?? usual.timeout, 'timeout')
  if (timeoutMs > mostTimeoutMs) {
    const most = `expected at most ${mostTimeoutMs / 1000}s`
    report.error('MG1208', valueSpot([...path, 'timeout']), `${most}: a client waits for it, got "${timeout}"`)
  }
  return {
    at: atOf(path),
    id,
    onError,
    timeoutMs,
    positiveMs: time(cache.positive ?? usual.cache.positive, 'cache', 'positive'),
    negativeMs: time(cache.negative ?? usual.cache.negative, 'cache', 'negative'),
    staleMs: time(cache.stale ?? usual.cache.stale, 'cache', 'stale'),
    entries: cache.entries ?? usual.cache.entries,
    ...kindOf(report, written, [...path, kind]),
  }
}

/** What a session waits for at most. */
const mostTimeoutMs = 20_000

function kindOf(
  report: Report,
  { ldap, http: web, callout }: RecipientCheck,
  path: DocPath,
): LdapRecipients | HttpRecipients | CalloutRecipients {
  if (ldap !== undefined) return ldapOf(report, ldap, path)
  if (web !== undefined) return http(report, web, path)
  const usual = defaults.recipientCheck.callout.perMinute
  return { kind: 'callout', perMinute: typeof callout === 'object' ? (callout.perMinute ?? usual) : usual }
}

function ldapOf(report: Report, written: NonNullable<RecipientCheck['ldap']>, path: DocPath): LdapRecipients {
  const { base, bind, ca, filter, scope, connections } = written
  if (bind !== undefined) {
    take(report, 'MG1327', valueSpot([...path, 'bind', 'dn']), readDn(bind.dn, false))
    checkSecret(report, bind.password, [...path, 'bind', 'password'])
  }
  return {
    kind: 'ldap',
    ...ldapServers(report, written, path),
    ca: ca === undefined ? null : fileAt(report, ca, [...path, 'ca']),
    base: take(report, 'MG1327', valueSpot([...path, 'base']), readDn(base, false)) ?? '',
    filter: take(report, 'MG1327', valueSpot([...path, 'filter']), readFilter(filter, placeholders)) ?? '',
    scope: scope ?? defaults.recipientCheck.ldap.scope,
    bind: bind === undefined ? null : { dn: bind.dn, password: { $secret: bind.password.$secret } },
    connections: connections ?? defaults.recipientCheck.ldap.connections,
  }
}

/** Domains name their check; each name must be declared, and what is declared should be used. */
export function checkVerifyNames(report: Report, section: unknown, domainSection: unknown): void {
  const declared = entries(section).map(([name]) => name)
  const used = new Set<string>()
  for (const [key, value] of entries(domainSection)) {
    if (typeof value !== 'object' || value === null || !('verify' in value)) continue
    const { verify } = value
    if (typeof verify !== 'string') continue
    used.add(verify)
    if (declared.includes(verify)) continue
    const list =
      declared.length === 0 ? 'there is no recipientChecks section' : `declared: ${declared.slice(0, 12).join(', ')}`
    report.error(
      'MG1416',
      valueSpot(['domains', key, 'verify']),
      `no check of recipients is called ${JSON.stringify(verify)}`,
      { hint: didYouMean(verify, declared) ?? list },
    )
  }
  for (const name of declared) {
    if (used.has(name)) continue
    const spot: Spot = { kind: 'key', path: ['recipientChecks', name] }
    report.warning('MG1417', spot, 'is declared, but no domain is verified by it', {
      hint: `such as domains: { 'corp.example': { kind: 'relay', verify: '${name}' } }`,
    })
  }
}

/**
 * A callout asks the hosts that deliveries go to. A domain that is delivered here has none; and of domains that are not
 * ours nobody is asked at all, as that would make this gateway a tool to find out addresses of others: `verify` stands in
 * `domains` alone.
 */
export function checkCallouts(report: Report, routing: Routing, checks: readonly RecipientCheckEntry[]): void {
  const callouts = new Set(checks.filter(({ kind }) => kind === 'callout').map(({ id }) => id))
  for (const { pattern, kind, verify } of routing.domains) {
    if (verify === undefined || !callouts.has(verify)) continue
    const target = firstOf(routing.routes.byPattern, pattern)?.row?.target
    const why =
      kind === 'local'
        ? 'the domain is delivered here'
        : target !== undefined && !leaves(target)
          ? `its row of localMx is ${target.kind}`
          : null
    if (why === null) continue
    const spot: Spot = valueSpot([...routing.domainKeys.get(pattern)!.path, 'verify'])
    report.error('MG1522', spot, `asks the next hop by SMTP, but there is none: ${why}`, {
      hint: 'name the recipients, or ask a directory (ldap, http)',
    })
  }
}
