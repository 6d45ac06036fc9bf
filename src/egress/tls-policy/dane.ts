import { isIP } from 'node:net'
import type { TlsaRecord } from '../../dns/record-type.ts'
import type { CachingResolver } from '../../dns/resolver.ts'
import { usableRecords } from './dane-match.ts'

/**
 * What the DNS says of the certificate of one host (RFC 7672 §2.2):
 * none       nothing that is validated: DANE does not hold
 * verify     these records; `base` is the name that they stand at
 * encrypt    validated records that mean nothing for SMTP: TLS must be, whoever it is with
 * failed     nobody could tell, though the host is in a signed zone: somebody may be hiding the records
 */
export type DaneFinding =
  | { readonly kind: 'none' }
  | { readonly kind: 'verify' | 'encrypt'; readonly base: string; readonly records: readonly TlsaRecord[] }
  | { readonly kind: 'failed'; readonly base: string; readonly why: string }

const none: DaneFinding = { kind: 'none' }

/**
 * Looks up the TLSA records of `host`. Not asked for where the addresses are not validated: without that records would
 * prove nothing, and there are servers that do not answer for TLSA at all (RFC 7672 §2.2.2).
 */
export async function findDane(
  host: string,
  port: number,
  resolver: Pick<CachingResolver, 'addresses' | 'tlsa'>,
): Promise<DaneFinding> {
  if (isIP(host) !== 0) return none
  const addresses = await resolver.addresses(host)
  if (addresses.kind === 'failed') return { kind: 'failed', base: host, why: addresses.why }
  if (addresses.kind === 'none' || addresses.secure !== true) return none
  // The end of the aliases first, then the name itself (RFC 7672 §2.2.2, RFC 7671 §7).
  const bases = addresses.canonical === undefined ? [host] : [addresses.canonical, host]
  for (const base of bases) {
    const answer = await resolver.tlsa(base, port)
    if (answer.kind === 'failed') return { kind: 'failed', base, why: answer.why }
    if (answer.kind === 'none' || !answer.value.secure) continue
    const records = usableRecords(answer.value.records)
    if (records.length > 0) return { kind: 'verify', base, records }
    return { kind: 'encrypt', base, records: answer.value.records }
  }
  return none
}

/** `3 1 1 8f0d...`, as a zone has it. */
export const tlsaText = ({ usage, selector, matching, data }: TlsaRecord): string =>
  `${usage} ${selector} ${matching} ${data.toString('hex')}`
