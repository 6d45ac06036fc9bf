import { constants, sign } from 'node:crypto'
import type { SigningKey } from './signing-key.ts'

/** What an assertion says of itself beside `iat`, `nbf` and `exp`. */
export type Claims = Readonly<Record<'iss' | 'aud', string>> &
  Readonly<Partial<Record<'sub' | 'jti' | 'scope', string>>>

/** Google wants at most an hour, Microsoft five to ten minutes. */
const lifetimeMs = 5 * 60_000

/** A signed JWT (RFC 7519, RFC 7523 §3) that holds from `now` (epoch ms) for five minutes. */
export function assertion(signer: SigningKey, claims: Claims, now: number): string {
  const { key, algorithm, keyId, thumbprint } = signer
  const seconds = Math.floor(now / 1000)
  const header = {
    alg: algorithm,
    typ: 'JWT',
    ...(keyId === null ? {} : { kid: keyId }),
    ...(thumbprint === null ? {} : { 'x5t#S256': thumbprint }),
  }
  const payload = { ...claims, iat: seconds, nbf: seconds, exp: seconds + lifetimeMs / 1000 }
  const signed = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  // RFC 7518 §3.4: R and S side by side. §3.5: a salt as long as the hash.
  const padding =
    algorithm === 'PS256'
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : {}
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363', ...padding })
  return `${signed}.${signature.toString('base64url')}`
}
