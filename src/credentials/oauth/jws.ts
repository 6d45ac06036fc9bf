import { constants, type KeyObject, verify } from 'node:crypto'
import { ok, type Result, wrong } from '../../mail/result.ts'
import { parseJson } from '../acceptance.ts'

/** A signed token (RFC 7515, compact form), not yet checked. */
export type Jws = {
  readonly algorithm: string
  readonly keyId: string | null
  readonly claims: ReadonlyMap<string, unknown>
  /** What is signed. */
  readonly signed: Buffer
  readonly signature: Buffer
}

/** Reads a token strictly. Whatever it asks for that is not understood makes it none (RFC 7515 §4.1.11). */
export function parseJws(token: string): Result<Jws> {
  const parts = token.split('.')
  if (parts.length !== 3 || !parts.every(isBase64url)) return wrong('it is no signed token')
  const [header, payload, signature] = parts as [string, string, string]
  const said = objectOf(header)
  const claims = objectOf(payload)
  if (said === null || claims === null) return wrong('its parts are no JSON objects')
  const algorithm = said.get('alg')
  if (typeof algorithm !== 'string') return wrong('it names no algorithm')
  if (said.has('crit')) return wrong('it demands an extension')
  const keyId = said.get('kid') ?? null
  if (keyId !== null && (typeof keyId !== 'string' || keyId.length > 512)) return wrong('its kid is no name')
  const signed = Buffer.from(`${header}.${payload}`, 'latin1')
  return ok({ algorithm, keyId, claims, signed, signature: Buffer.from(signature, 'base64url') })
}

/** In its one form: other texts decode to the same octets, and one token would have several names. */
const isBase64url = (part: string): boolean =>
  part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part

function objectOf(part: string): ReadonlyMap<string, unknown> | null {
  const value = parseJson(Buffer.from(part, 'base64url').toString('utf8'))
  if (!value.ok || typeof value.value !== 'object' || value.value === null || Array.isArray(value.value)) return null
  return new Map(Object.entries(value.value))
}

/** Which keys an algorithm takes, and how. None of these is symmetric: a public key must never be taken for a secret. */
type Way = {
  readonly type: 'rsa' | 'ec' | 'ed25519'
  readonly hash: 'sha256' | 'sha384' | 'sha512' | null
  readonly pss?: true
  readonly curve?: string
}

const ways = new Map<string, Way>([
  ['RS256', { type: 'rsa', hash: 'sha256' }],
  ['RS384', { type: 'rsa', hash: 'sha384' }],
  ['RS512', { type: 'rsa', hash: 'sha512' }],
  ['PS256', { type: 'rsa', hash: 'sha256', pss: true }],
  ['PS384', { type: 'rsa', hash: 'sha384', pss: true }],
  ['PS512', { type: 'rsa', hash: 'sha512', pss: true }],
  ['ES256', { type: 'ec', hash: 'sha256', curve: 'prime256v1' }],
  ['ES384', { type: 'ec', hash: 'sha384', curve: 'secp384r1' }],
  ['ES512', { type: 'ec', hash: 'sha512', curve: 'secp521r1' }],
  ['EdDSA', { type: 'ed25519', hash: null }],
])

const minRsaBits = 2048

/** True when the key can be used with the algorithm at all. */
export function fits(algorithm: string, key: KeyObject): boolean {
  const way = ways.get(algorithm)
  if (way === undefined || key.asymmetricKeyType !== way.type) return false
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {}
  if (way.type === 'rsa') return (modulusLength ?? 0) >= minRsaBits
  return way.type === 'ec' ? namedCurve === way.curve : true
}

export function isSignedBy({ algorithm, signed, signature }: Jws, key: KeyObject): boolean {
  const way = ways.get(algorithm)
  if (way === undefined || !fits(algorithm, key)) return false
  // RFC 7518 §3.4: R and S side by side. §3.5: a salt as long as the hash.
  const padding = way.pss
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : {}
  return verify(way.hash, signed, { key, dsaEncoding: 'ieee-p1363', ...padding }, signature)
}
