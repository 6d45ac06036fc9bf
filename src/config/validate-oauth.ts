import type { OauthSettings } from '../mail/login-settings.ts'
import { defaults } from './defaults.ts'
import type { Oauth } from './define-line.ts'
import { type Reading, read, unread } from './patterns.ts'
import type { DocPath } from './positions.ts'
import { fileAt } from './validate-file.ts'
import { urlAt } from './validate-login-server.ts'
import { durationAt, listOf, take, valueSpot, values } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { items } from './validate-rows.ts'
import { checkSecret } from './validate-secret.ts'

/** Tokens. One that was made for another service, or by another issuer, is as good as a stolen one. */
export function oauth(report: Report, written: Oauth, path: DocPath): OauthSettings {
  const { introspection, jwks, issuer, ca, addressesClaim } = written
  const texts = (key: 'audience' | 'scopes') => {
    const value = written[key]
    if (value === undefined) return []
    return values(listOf(report, items(report, value, [...path, key], key), 'MG1327', readToken, (text) => text))
  }
  const claim = (text: string, key: string) => take(report, 'MG1327', valueSpot([...path, key]), readClaim(text)) ?? ''
  if ((introspection === undefined) === (jwks === undefined)) {
    const spot: Spot = { kind: 'key', path: jwks === undefined ? path : [...path, 'jwks'] }
    report.error(
      'MG1323',
      spot,
      `expected either introspection or jwks, got ${jwks === undefined ? 'neither' : 'both'}`,
    )
  }
  if (jwks !== undefined) {
    for (const key of ['issuer', 'audience'] as const) {
      if (written[key] !== undefined) continue
      const spot: Spot = { kind: 'key', path: [...path, 'jwks'] }
      report.error('MG1202', spot, `expected ${key} beside it: a token for somebody else has a good signature too`)
    }
  }
  return {
    kind: 'oauth',
    check: checkOf(report, written, path),
    issuer: issuer === undefined ? null : take(report, 'MG1327', valueSpot([...path, 'issuer']), readToken(issuer)),
    audience: texts('audience'),
    scopes: texts('scopes'),
    claim: claim(written.claim ?? defaults.credentials.oauth.claim, 'claim'),
    addressesClaim: addressesClaim === undefined ? null : claim(addressesClaim, 'addressesClaim'),
    skewMs: durationAt(report, written.skew ?? defaults.credentials.oauth.skew, valueSpot([...path, 'skew'])) ?? 1000,
    ca: ca === undefined ? null : fileAt(report, ca, [...path, 'ca']),
  }
}

function checkOf(report: Report, { introspection, jwks }: Oauth, path: DocPath): OauthSettings['check'] {
  if (jwks !== undefined) {
    const at = [...path, 'jwks']
    const algorithms = jwks.algorithms ?? defaults.credentials.oauth.algorithms
    const named = listOf(
      report,
      items(report, algorithms, [...at, 'algorithms'], 'algorithm'),
      'MG1327',
      readAlgorithm,
      (text) => text,
    )
    return { kind: 'jwks', url: urlAt(report, jwks.url, [...at, 'url']), algorithms: values(named).sort() }
  }
  const at = [...path, 'introspection']
  const client = introspection?.client
  if (client !== undefined) {
    take(report, 'MG1327', valueSpot([...at, 'client', 'id']), readToken(client.id))
    checkSecret(report, client.secret, [...at, 'client', 'secret'])
  }
  return {
    kind: 'introspection',
    url: introspection === undefined ? '' : urlAt(report, introspection.url, [...at, 'url']),
    client: client === undefined ? null : { id: client.id, secret: { $secret: client.secret.$secret } },
  }
}

/** Signatures by public keys (RFC 7518 §3.1, RFC 8037). `none` is no signature; with HS256 whoever checks can forge. */
function readAlgorithm(text: string): Reading<string> {
  return /^(?:[REP]S(?:256|384|512)|EdDSA|Ed25519)$/.test(text)
    ? read(text)
    : unread('a signature by a public key, such as RS256, ES256, PS256 or EdDSA', text)
}

const readToken = (text: string): Reading<string> =>
  /^[!-~]{1,500}$/.test(text) ? read(text) : unread('a text without blanks', text)

const readClaim = (text: string): Reading<string> =>
  /^[!-~]{1,100}$/.test(text) ? read(text) : unread("the name of a claim, such as 'email'", text)
