import type { OauthClient, OauthGrant, PasswordMechanism, RelayLogin } from '../mail/relay-login.ts'
import type { Secret } from './define.ts'
import type { RelayAuth, RelayOauth } from './define-relay.ts'
import { type Reading, read, unread } from './patterns.ts'
import type { DocPath } from './positions.ts'
import { fileAt } from './validate-file.ts'
import { urlAt } from './validate-login-server.ts'
import { listOf, take, twice, valueSpot, values } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { items } from './validate-rows.ts'
import { checkSecret } from './validate-secret.ts'

/** What the gateway logs in to a relay with; `null` (told) when that is neither a password nor a token. */
export function relayLogin(report: Report, written: RelayAuth, path: DocPath): RelayLogin | null {
  const { user, pass, mechanisms, oauth } = written
  if (!/^[^\x00-\x1f\x7f]{1,255}$/.test(user)) {
    report.error('MG1313', valueSpot([...path, 'user']), 'expected a user name of 1 to 255 characters')
  }
  if ((pass === undefined) === (oauth === undefined)) {
    report.error(
      'MG1352',
      { kind: 'key', path: oauth === undefined ? path : [...path, 'oauth'] },
      `expected either pass or oauth, got ${oauth === undefined ? 'neither' : 'both'}`,
    )
    return null
  }
  if (oauth !== undefined) {
    if (mechanisms !== undefined) {
      report.error(
        'MG1352',
        { kind: 'key', path: [...path, 'mechanisms'] },
        'is for passwords; a token goes by XOAUTH2 or OAUTHBEARER',
      )
    }
    const grant = grantOf(report, oauth, [...path, 'oauth'])
    return grant === null ? null : { user, oauth: grant }
  }
  const chosen =
    mechanisms === undefined ? {} : { mechanisms: mechanismsAt(report, mechanisms, [...path, 'mechanisms']) }
  return { user, pass: secretAt(report, pass as Secret, [...path, 'pass']), ...chosen }
}

function mechanismsAt(
  report: Report,
  written: NonNullable<RelayAuth['mechanisms']>,
  path: DocPath,
): readonly PasswordMechanism[] {
  const found = new Map<PasswordMechanism, Spot>()
  const list = typeof written === 'string' ? [written] : written
  if (list.length === 0) report.error('MG1205', valueSpot(path), 'expected at least one mechanism, got an empty list')
  for (const [i, name] of list.entries()) {
    const spot = valueSpot(typeof written === 'string' ? path : [...path, i])
    const first = found.get(name)
    if (first === undefined) found.set(name, spot)
    else twice(report, spot, name, first)
  }
  return [...found.keys()]
}

function grantOf(report: Report, written: RelayOauth, path: DocPath): OauthGrant | null {
  const { tokenUrl, scopes, ca, client, refreshToken, serviceAccount } = written
  const named = scopes === undefined ? [] : items(report, scopes, [...path, 'scopes'], 'scope')
  const common = {
    tokenUrl: urlAt(report, tokenUrl, [...path, 'tokenUrl']),
    // In the order in which they were written: some providers look at the first one alone.
    scopes: values(listOf(report, named, 'MG1352', readScope, (text) => text)),
    ...(ca === undefined ? {} : { ca: fileAt(report, ca, [...path, 'ca']) }),
  }
  if ((client === undefined) === (serviceAccount === undefined)) {
    const got = client === undefined ? 'neither' : 'both'
    const spot: Spot = { kind: 'key', path: client === undefined ? path : [...path, 'serviceAccount'] }
    report.error('MG1352', spot, `expected either client or serviceAccount, got ${got}`)
    return null
  }
  if (serviceAccount !== undefined) {
    const at = [...path, 'serviceAccount']
    const { account, subject } = serviceAccount
    if (refreshToken !== undefined) {
      report.error(
        'MG1352',
        { kind: 'key', path: [...path, 'refreshToken'] },
        'is for a client; a service account signs anew each time',
      )
    }
    if (subject !== undefined) take(report, 'MG1352', valueSpot([...at, 'subject']), readId(subject))
    return {
      ...common,
      kind: 'service-account',
      account: secretAt(report, account, [...at, 'account']),
      ...(subject === undefined ? {} : { subject }),
    }
  }
  const own = clientOf(report, client as NonNullable<RelayOauth['client']>, refreshToken !== undefined, [
    ...path,
    'client',
  ])
  if (own === null) return null
  if (refreshToken === undefined) return { ...common, kind: 'client-credentials', client: own }
  const token = secretAt(report, refreshToken, [...path, 'refreshToken'])
  return { ...common, kind: 'refresh-token', client: own, refreshToken: token }
}

function clientOf(
  report: Report,
  { id, secret, key, keyId }: NonNullable<RelayOauth['client']>,
  mayBePublic: boolean,
  path: DocPath,
): OauthClient | null {
  take(report, 'MG1352', valueSpot([...path, 'id']), readId(id))
  if (keyId !== undefined) {
    take(report, 'MG1352', valueSpot([...path, 'keyId']), readId(keyId))
    if (key === undefined)
      report.error('MG1352', { kind: 'key', path: [...path, 'keyId'] }, 'names a key, and there is no key')
  }
  if (secret !== undefined && key !== undefined) {
    report.error('MG1352', { kind: 'key', path: [...path, 'key'] }, 'expected either secret or key, got both')
    return null
  }
  if (secret !== undefined) return { id, secret: secretAt(report, secret, [...path, 'secret']) }
  if (key !== undefined) {
    return { id, key: secretAt(report, key, [...path, 'key']), ...(keyId === undefined ? {} : { keyId }) }
  }
  if (mayBePublic) return { id, public: true }
  report.error(
    'MG1352',
    { kind: 'key', path },
    'expected secret or key: without them anybody could be this application',
  )
  return null
}

function secretAt(report: Report, { $secret }: Secret, path: DocPath): { readonly $secret: string } {
  checkSecret(report, { $secret }, path)
  return { $secret }
}

const readScope = (text: string): Reading<string> =>
  // RFC 6749 §3.3.
  /^[!#-[\]-~]{1,500}$/.test(text) ? read(text) : unread('a scope, such as https://mail.google.com/', text)

const readId = (text: string): Reading<string> =>
  /^[!-~]{1,500}$/.test(text) ? read(text) : unread('a text without blanks', text)
