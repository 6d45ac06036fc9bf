import { createHash, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { TlsaRecord } from '../../dns/record-type.ts'

/** Longer chains are nobody's; each link costs a signature. */
const maxChain = 10
/** Nobody has so many; each may cost a signature for each link. */
const maxRecords = 20

/**
 * The records that mean something for SMTP (RFC 7672 §3.1): usage 2 (an authority) and 3 (the certificate itself), of
 * a whole certificate or its key, as it is or by SHA-256 or SHA-512, in a length that fits. Usages 0 and 1 are "unusable",
 * as nobody agrees on the public authorities that they need.
 */
export function usableRecords(records: readonly TlsaRecord[]): readonly TlsaRecord[] {
  const usable = records.filter(({ usage, selector, matching, data }) => {
    if ((usage !== 2 && usage !== 3) || selector > 1 || matching > 2 || data.length === 0) return false
    if (matching === 0) return true
    return data.length === (matching === 1 ? 32 : 64)
  })
  return usable.slice(0, maxRecords)
}

/**
 * `null` when `chain` (what the host sent, its own certificate first) is what the records say, otherwise why not.
 * Usage 3 asks for nothing but the match: neither names nor dates nor an issuer count (RFC 7672 §3.1.1). Usage 2 wants
 * a chain of valid signatures up to the authority, valid dates, and one of `names` (§3.1.2, §3.2.2).
 */
export function daneMismatch(
  chain: readonly X509Certificate[],
  records: readonly TlsaRecord[],
  names: readonly string[],
  now: number,
): {
  readonly type: 'validation-failure' | 'certificate-expired' | 'certificate-host-mismatch'
  detail: string
} | null {
  const [own] = chain
  if (own === undefined) return { type: 'validation-failure', detail: 'the host sent no certificate' }
  if (records.some((record) => record.usage === 3 && matches(own, record))) return null
  const authorities = records.filter(({ usage }) => usage === 2)
  if (authorities.length === 0) return noMatch
  const path = pathToAuthority(chain, authorities)
  if (path === null) return noMatch
  const stale = path.find((one) => !isValidAt(one, now))
  if (stale !== undefined) {
    return { type: 'certificate-expired', detail: `a certificate of the chain is valid until ${stale.validTo}` }
  }
  if (!names.some((name) => own.checkHost(name, { subject: 'default' }) !== undefined)) {
    return { type: 'certificate-host-mismatch', detail: `the certificate names none of ${names.join(', ')}` }
  }
  return null
}

const noMatch = { type: 'validation-failure', detail: 'the certificate matches none of the TLSA records' } as const

/** From the host's certificate up to one that a record names; `null`: there is no such way. */
function pathToAuthority(
  chain: readonly X509Certificate[],
  authorities: readonly TlsaRecord[],
): readonly X509Certificate[] | null {
  // An authority that the records give whole need not be sent (RFC 7671 §5.2.2).
  const given = authorities.flatMap((record) =>
    record.matching === 0 && record.selector === 0 ? (parsed(record.data) ?? []) : [],
  )
  const keys = authorities.flatMap((record) =>
    record.matching === 0 && record.selector === 1 ? (keyOf(record.data) ?? []) : [],
  )
  const pool = [...chain.slice(1, maxChain), ...given]
  const path: X509Certificate[] = [chain[0]!]
  for (let depth = 0; depth < maxChain; depth++) {
    const last = path.at(-1)!
    if (keys.some((key) => verifies(last, key))) return path
    const issuer = pool.find(
      (one) => !path.includes(one) && one.ca && last.checkIssued(one) && verifies(last, one.publicKey),
    )
    if (issuer === undefined) return null
    path.push(issuer)
    if (authorities.some((record) => matches(issuer, record))) return path
  }
  return null
}

function matches(certificate: X509Certificate, { selector, matching, data }: TlsaRecord): boolean {
  const octets = selector === 0 ? certificate.raw : certificate.publicKey.export({ type: 'spki', format: 'der' })
  if (matching === 0) return octets.equals(data)
  return createHash(matching === 1 ? 'sha256' : 'sha512')
    .update(octets)
    .digest()
    .equals(data)
}

function isValidAt(certificate: X509Certificate, now: number): boolean {
  return Date.parse(certificate.validFrom) <= now && now <= Date.parse(certificate.validTo)
}

/** A key of a kind that does not fit is one that has not signed. */
function verifies(certificate: X509Certificate, key: KeyObject): boolean {
  try {
    return certificate.verify(key)
  } catch {
    return false
  }
}

function parsed(der: Buffer): X509Certificate | null {
  try {
    return new X509Certificate(der)
  } catch {
    return null
  }
}

function keyOf(der: Buffer): KeyObject | null {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' })
  } catch {
    return null
  }
}
