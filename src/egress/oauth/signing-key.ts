import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { ok, type Result, wrong } from '../../mail/result.ts'

/** A private key that assertions are signed with, and how the provider finds the public half of it. */
export type SigningKey = {
  readonly key: KeyObject
  readonly algorithm: 'RS256' | 'PS256' | 'ES256'
  readonly keyId: string | null
  /** SHA-256 of its certificate (RFC 7515 §4.1.8), base64url; `null`: the provider knows the key by its id. */
  readonly thumbprint: string | null
}

/** What Google's JSON file says of a key. */
export type ServiceAccountKey = SigningKey & { readonly email: string }

const minRsaBits = 2048

/**
 * PEM with a private key, and with its certificate where the provider wants its thumbprint. With one, signatures are PS256,
 * which is what Microsoft documents; without, RS256, which everybody has.
 */
export function readSigningKey(pem: string, keyId: string | null = null): Result<SigningKey> {
  const blocks = pem.match(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g) ?? []
  const privates = blocks.filter((block) => /^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(block))
  const certificates = blocks.filter((block) => block.startsWith('-----BEGIN CERTIFICATE-----'))
  if (privates.length !== 1) return wrong(`expected PEM with one private key, got ${privates.length || 'none'}`)
  const key = parsed(() => createPrivateKey(privates[0]!))
  if (key === null) return wrong('the private key cannot be read; one with a passphrase has to be decrypted first')
  const type = key.asymmetricKeyType
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {}
  const isElliptic = type === 'ec' && namedCurve === 'prime256v1'
  if (!isElliptic && !(type === 'rsa' && modulusLength >= minRsaBits)) {
    return wrong(`expected an RSA key of at least ${minRsaBits} bits or one of P-256, got ${type ?? 'another kind'}`)
  }
  if (certificates.length === 0) return ok({ key, algorithm: isElliptic ? 'ES256' : 'RS256', keyId, thumbprint: null })
  // Of a chain the first is the key's own.
  const certificate = parsed(() => new X509Certificate(certificates[0]!))
  if (certificate === null) return wrong('the certificate beside the private key cannot be read')
  if (!certificate.checkPrivateKey(key)) return wrong('the certificate is of another key than the one beside it')
  const thumbprint = Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url')
  return ok({ key, algorithm: isElliptic ? 'ES256' : 'PS256', keyId, thumbprint })
}

/** The JSON file of a key of a service account. Its `token_uri` is not looked at: the document says whom to ask. */
export function readServiceAccount(text: string): Result<ServiceAccountKey> {
  const value = parsed(() => JSON.parse(text) as unknown)
  if (typeof value !== 'object' || value === null) return wrong('expected the JSON file of a service account')
  const fields = new Map(Object.entries(value))
  const field = (name: string): string | null => {
    const found = fields.get(name)
    return typeof found === 'string' && found !== '' && found.length < 10_000 ? found : null
  }
  const [email, pem] = [field('client_email'), field('private_key')]
  if (email === null || pem === null) {
    const kind = field('type')
    return wrong(
      `expected client_email and private_key, as in the JSON file of a service account${kind === null ? '' : `; its type is ${JSON.stringify(kind.slice(0, 40))}`}`,
    )
  }
  const key = readSigningKey(pem, field('private_key_id'))
  return key.ok ? ok({ ...key.value, email }) : key
}

function parsed<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    return null
  }
}
