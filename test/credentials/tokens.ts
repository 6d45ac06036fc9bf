import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

export type Signer = { readonly algorithm: string; readonly key: KeyObject; readonly jwk: Record<string, unknown> }

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A key pair for one algorithm, its public half as a JSON Web Key. */
export function signer(algorithm: string, kid: string | null = 'one', more: Record<string, unknown> = {}): Signer {
  const { publicKey, privateKey } = pair(algorithm)
  const id = kid === null ? {} : { kid }
  return { algorithm, key: privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), ...id, ...more } }
}

function pair(algorithm: string): { publicKey: KeyObject; privateKey: KeyObject } {
  const curves = new Map([
    ['ES256', 'P-256'],
    ['ES384', 'P-384'],
    ['ES512', 'P-521'],
  ])
  const curve = curves.get(algorithm)
  if (curve !== undefined) return generateKeyPairSync('ec', { namedCurve: curve })
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519')
  return generateKeyPairSync('rsa', { modulusLength: algorithm === 'weak' ? 1024 : 2048 })
}

/** A signed token. `header` is added to what it needs, or takes its place. */
export function token(by: Signer, claims: unknown, header: Record<string, unknown> = {}): string {
  const algorithm = by.algorithm === 'weak' ? 'RS256' : by.algorithm
  const signed = `${part({ alg: algorithm, kid: by.jwk['kid'], ...header })}.${part(claims)}`
  const hash = algorithm === 'EdDSA' ? null : `sha${algorithm.slice(2)}`
  const padding = algorithm.startsWith('PS')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : {}
  const signature = sign(hash, Buffer.from(signed), { key: by.key, dsaEncoding: 'ieee-p1363', ...padding })
  return `${signed}.${signature.toString('base64url')}`
}

export const forged = (header: unknown, claims: unknown, signature: string): string =>
  `${part(header)}.${part(claims)}.${signature}`
