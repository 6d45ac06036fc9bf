import type { LoginSettings, Mechanism } from '../mail/settings.ts'
import { defaults } from './defaults.ts'
import type { Listener } from './define.ts'
import type { ListenerLogin } from './define-line.ts'
import type { DocPath } from './positions.ts'
import { claimants } from './validate-claimants.ts'
import type { CredentialKinds } from './validate-credentials.ts'
import { twice, valueSpot } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { tellEmpty } from './validate-rows.ts'

type Written = Exclude<ListenerLogin, string>

/** Login on a listener, `null` where it is off. */
export function loginOf(
  report: Report,
  listener: Listener,
  at: DocPath,
  credentials: CredentialKinds,
): LoginSettings | null {
  const written = listener.login!
  if (written === 'off') return null
  const path = [...at, 'login']
  const object: Written = typeof written === 'object' ? written : { required: written === 'required' }
  const required = object.required ?? defaults.login.required
  const clearTextFrom =
    object.clearTextFrom === undefined
      ? []
      : claimants(report, object.clearTextFrom, [...path, 'clearTextFrom'], 'passwords would go over it in clear text')
  checkTls(report, listener, path, object)
  checkOtherServers(report, listener, path, required)
  credentials.use()
  if (!credentials.complete) return { required, mechanisms: ['PLAIN'], clearTextFrom }
  if (!credentials.any) {
    const hint = "such as credentials: [{ id: 'staff', file: '/etc/mailgw/users' }]"
    report.error('MG1613', valueSpot(path), 'expected credentials beside a login, got none', { hint })
  }
  return { required, mechanisms: mechanismsOf(report, listener, object, path, credentials), clearTextFrom }
}

/** A password that anybody on the way can read is soon anybody's. */
function checkTls(report: Report, { tls = 'off' }: Listener, path: DocPath, { clearTextFrom }: Written): void {
  if (!report.sound([...path.slice(0, -1), 'tls'])) return
  const mode = typeof tls === 'object' ? tls.mode : tls
  const spot: Spot = { kind: 'key', path: [...path, 'clearTextFrom'] }
  if (mode === 'off' && clearTextFrom === undefined) {
    report.error('MG1611', valueSpot(path), 'expected tls on this listener, or clearTextFrom, beside a login', {
      hint: "tls: 'required'; or for devices that cannot, login: { clearTextFrom: ['10.20.0.0/24'] }",
    })
  }
  if (clearTextFrom === undefined || mode === 'off' || mode === 'offered') return
  report.error('MG1209', spot, `has no effect where tls is "${mode}": nobody gets so far without it`)
}

/** A server that asks every server for a password gets no mail at all. */
function checkOtherServers(report: Report, { kind }: Listener, path: DocPath, required: boolean): void {
  if (kind !== 'mx' || !required) return
  report.error(
    'MG1615',
    valueSpot(path),
    'other mail servers cannot log in: a listener of kind "mx" gets no mail then',
    {
      hint: "users log in on another one: kind: 'submission', bind: '0.0.0.0:587'",
    },
  )
}

function mechanismsOf(
  report: Report,
  listener: Listener,
  { mechanisms, legacy }: Written,
  path: DocPath,
  credentials: CredentialKinds,
): readonly Mechanism[] {
  const encrypted = listener.tls !== undefined && listener.tls !== 'off'
  const found = new Map<Mechanism, Spot>()
  const add = (name: Mechanism, at: DocPath) => {
    const spot = valueSpot(at)
    const first = found.get(name)
    if (first !== undefined) twice(report, spot, name, first)
    else {
      found.set(name, spot)
      checkServed(report, name, spot, encrypted, credentials)
    }
  }
  if (mechanisms === undefined) for (const name of credentials.mechanisms(encrypted)) found.set(name, valueSpot(path))
  else if (mechanisms.length === 0) tellEmpty(report, [...path, 'mechanisms'])
  for (const [i, name] of (mechanisms ?? []).entries()) add(name, [...path, 'mechanisms', i])
  for (const [i, name] of (legacy ?? []).entries()) add(name, [...path, 'legacy', i])
  return [...found.keys()]
}

function checkServed(
  report: Report,
  name: Mechanism,
  spot: Spot,
  encrypted: boolean,
  credentials: CredentialKinds,
): void {
  if (!credentials.any) return
  if (name === 'SCRAM-SHA-256-PLUS' && !encrypted) {
    report.error('MG1614', spot, 'is bound to a TLS connection, and this listener has no tls')
    return
  }
  const served = credentials.serves(name)
  if (served === 'nobody') {
    report.error('MG1614', spot, `no credentials can serve ${name}: ${needs(name)}`)
  } else if (served === 'some') {
    report.warning(
      'MG1614',
      spot,
      `not every login can use ${name}, and a client that takes it fails then: ${needs(name)}`,
    )
  }
}

function needs(name: Mechanism): string {
  switch (name) {
    case 'SCRAM-SHA-256':
    case 'SCRAM-SHA-256-PLUS':
      return 'it needs users or a file with hashes of the kind scram-sha-256'
    case 'OAUTHBEARER':
    case 'XOAUTH2':
      return 'it needs oauth'
    case 'CRAM-MD5':
      return 'it needs users or a file with cramKey, and passwords that are encrypted with it'
    default:
      return 'it needs users, a file, ldap, radius, http or exec'
  }
}
