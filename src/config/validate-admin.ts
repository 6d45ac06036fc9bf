import type { AdminScope, AdminSettings, HostPort } from '../mail/settings.ts'
import type { Admin } from './define.ts'
import { type Reading, read, unread } from './patterns.ts'
import type { DocPath } from './positions.ts'
import { fileAt } from './validate-file.ts'
import { hostText, readBind } from './validate-host.ts'
import { type Bound, collide, isLoopback } from './validate-listeners.ts'
import { atOf, listOf, nameAt, take, valueSpot, values } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { entries, items, tellEmpty } from './validate-rows.ts'

export type AdminEntry = AdminSettings & { readonly at: string }

/**
 * The remote admin API: whoever gets in may change everything that this gateway does. So nobody gets in who has not shown
 * a token or a certificate, and nothing of that goes over a network in clear text.
 */
export function admin(report: Report, section: unknown, listening: readonly Bound[]): AdminEntry | null {
  const path = ['admin']
  if (section === undefined || !report.sound(path)) return null
  const written = section as Admin
  report.place('admin', { kind: 'key', path })
  const sockets = listOf(report, items(report, written.bind, ['admin', 'bind'], 'bind'), 'MG1306', readBind, hostText)
  for (const { value, spot } of sockets) {
    const other = listening.find((bound) => collide(bound.value, value))
    if (other === undefined) continue
    const message = `expected an address of its own, got ${JSON.stringify(hostText(value))}, which listener "${other.listener}" has`
    report.error('MG1506', spot, message, { related: [{ message: 'first here', spot: other.spot }] })
  }
  const tls = tlsOf(report, written)
  const tokens = tokensOf(report, written)
  const certificates = certificatesOf(report, written)
  const complete = report.sound(['admin', 'tokens']) && report.sound(['admin', 'certificates'])
  if (complete && entries(written.tokens).length === 0 && entries(written.certificates).length === 0) {
    report.error('MG1609', { kind: 'key', path }, 'expected tokens, or certificates with tls.clientCa, got neither', {
      hint: 'mailgw token new prints a token and its line for the document',
    })
  }
  const away = sockets.find(({ value }) => !isLoopback(value.host))
  if (written.tls === undefined && away !== undefined) {
    report.error(
      'MG1610',
      away.spot,
      `expected tls beside an address that is no loopback, got ${shownBind(away.value)}`,
    )
  }
  checkClientCa(report, written)
  return { at: 'admin', bind: values(sockets), tls, tokens, certificates }
}

const shownBind = (bind: HostPort): string => JSON.stringify(hostText(bind))

function tlsOf(report: Report, { tls }: Admin): AdminSettings['tls'] {
  if (tls === undefined || !report.sound(['admin', 'tls'])) return null
  const file = (key: 'cert' | 'key' | 'clientCa'): string => fileAt(report, tls[key]!, ['admin', 'tls', key])
  return {
    certificate: file('cert'),
    key: file('key'),
    clientCa: tls.clientCa === undefined ? null : file('clientCa'),
  }
}

/** Each of the two is nothing without the other. */
function checkClientCa(report: Report, { tls, certificates }: Admin): void {
  const [first] = entries(certificates)
  if (first !== undefined && tls?.clientCa === undefined) {
    const spot: Spot = { kind: 'key', path: ['admin', 'certificates'] }
    report.error('MG1202', spot, 'expected tls.clientCa, which vouches for them, got nothing')
  }
  if (first === undefined && tls?.clientCa !== undefined && report.sound(['admin', 'certificates'])) {
    const spot: Spot = { kind: 'key', path: ['admin', 'tls', 'clientCa'] }
    report.error('MG1209', spot, 'has no effect without certificates')
  }
}

function tokensOf(report: Report, { tokens }: Admin): AdminSettings['tokens'] {
  const list: AdminSettings['tokens'][number][] = []
  const seen = new Map<string, Spot>()
  for (const [name, value] of entries(tokens)) {
    const path = ['admin', 'tokens', name]
    if (!report.sound(path)) continue
    const { sha256, scopes } = value as { sha256: string; scopes: readonly AdminScope[] }
    nameAt(report, name, { kind: 'key', path })
    report.place(atOf(path), { kind: 'key', path })
    const spot = valueSpot([...path, 'sha256'])
    const hash = take(report, 'MG1320', spot, readHash(sha256))
    if (hash === null) continue
    const first = seen.get(hash)
    // Of two names for one token, the journal could not tell who it was.
    if (first !== undefined) {
      const related = [{ message: 'first here', spot: first }]
      report.error('MG1401', spot, 'expected the hash of another token, got this one again', { related })
    }
    seen.set(hash, spot)
    list.push({ name, sha256: hash, scopes: scopesOf(report, scopes, path) })
  }
  return list
}

function certificatesOf(report: Report, { certificates }: Admin): AdminSettings['certificates'] {
  const list: AdminSettings['certificates'][number][] = []
  for (const [name, value] of entries(certificates)) {
    const path = ['admin', 'certificates', name]
    if (!report.sound(path)) continue
    report.place(atOf(path), { kind: 'key', path })
    const subject = take(report, 'MG1321', { kind: 'key', path }, readSubject(name))
    const { scopes } = value as { scopes: readonly AdminScope[] }
    if (subject !== null) list.push({ subject, scopes: scopesOf(report, scopes, path) })
  }
  return list
}

function scopesOf(report: Report, scopes: readonly AdminScope[], path: DocPath): readonly AdminScope[] {
  if (scopes.length === 0) tellEmpty(report, [...path, 'scopes'])
  return [...new Set(scopes)].sort()
}

function readHash(text: string): Reading<string> {
  if (/^[0-9a-f]{64}$/.test(text)) return read(text)
  // What came is perhaps the token itself: it is not repeated.
  return {
    ok: false,
    error: 'expected the SHA-256 of a token, 64 hexadecimal digits, got another text (not shown)',
    hint: null,
  }
}

/** `O=Corp,CN=deploy`, each attribute as the certificate has it, commas inside of a value escaped (RFC 4514). */
function readSubject(text: string): Reading<string> {
  const attribute = /^[A-Za-z][A-Za-z0-9.-]*=(?:[^,\\]|\\.)+$/
  const parts = text.match(/(?:[^,\\]|\\.)+/g) ?? []
  const isSubject = parts.join(',') === text && parts.every((part) => attribute.test(part))
  return isSubject && !/[\x00-\x1f\x7f]/.test(text)
    ? read(text)
    : unread('a subject such as CN=deploy or O=Corp,CN=deploy', text)
}
