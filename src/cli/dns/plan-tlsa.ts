import { createHash, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Document } from '../../config/document.ts'
import type { Answer } from '../../dns/answer.ts'
import { tlsaText } from '../../dns/record-type.ts'
import type { CachingResolver } from '../../dns/resolver.ts'
import type { PlannedRecord } from './planned.ts'

const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/

/**
 * TLSA records for the certificates that our MX shows (RFC 7672 §3.1.1: usage 3, of the key, by SHA-256). They mean
 * something in a signed zone alone; a wrong one there keeps away all mail of senders that do DANE.
 */
export async function planTlsa(
  document: Pick<Document, 'listeners' | 'certificates'>,
  resolver: Pick<CachingResolver, 'addresses' | 'tlsa'>,
): Promise<readonly PlannedRecord[]> {
  const shown = new Map<string, Set<string>>()
  for (const { kind, hostname, tls } of document.listeners) {
    if (kind !== 'mx' || tls === undefined) continue
    const names = shown.get(hostname.toLowerCase()) ?? new Set()
    for (const name of tls.certificates) names.add(name)
    shown.set(hostname.toLowerCase(), names)
  }
  const records: PlannedRecord[] = []
  for (const [host, certificates] of shown) records.push(await recordOf(host, certificates, document, resolver))
  return records
}

async function recordOf(
  host: string,
  certificates: ReadonlySet<string>,
  document: Pick<Document, 'certificates'>,
  resolver: Pick<CachingResolver, 'addresses' | 'tlsa'>,
): Promise<PlannedRecord> {
  const wanted: string[] = []
  const unread: string[] = []
  for (const { name, certificate } of document.certificates) {
    if (!certificates.has(name)) continue
    const key = await keyHash(certificate, host)
    if (key.kind === 'unread') unread.push(`${certificate}: ${key.why}`)
    else if (key.kind === 'key') wanted.push(`3 1 1 ${key.hash}`)
  }
  const [addresses, answer] = await Promise.all([resolver.addresses(host), resolver.tlsa(host, 25)])
  const published = answer.kind === 'failed' ? null : answer.kind === 'none' ? [] : answer.value.records.map(tlsaText)
  const base = { name: `_25._tcp.${host}`, type: 'TLSA', wanted, published } as const
  const isSigned = addresses.kind === 'found' && addresses.secure === true
  if (answer.kind === 'failed') return { ...base, state: 'cannot tell', why: answer.why }
  if (unread.length > 0) return { ...base, state: 'cannot tell', why: `run it on the gateway: ${unread.join(', ')}` }
  if (wanted.length === 0) return { ...base, state: 'cannot tell', why: `no certificate of it names ${host}` }
  return { ...base, ...judged(base.wanted, answer, isSigned) }
}

function judged(
  wanted: readonly string[],
  answer: Answer<unknown>,
  isSigned: boolean,
): Pick<PlannedRecord, 'state' | 'why'> {
  const published =
    answer.kind === 'found' ? (answer.value as { records: Parameters<typeof tlsaText>[0][] }).records : []
  const missing = wanted.filter((text) => !published.some((record) => tlsaText(record) === text))
  if (!isSigned) {
    const why = 'means something once the zone is signed (DNSSEC), and a trusted name server of ours has validated it'
    return { state: missing.length === 0 ? 'published' : 'suggest', why }
  }
  if (missing.length === 0) return { state: 'published', why: 'the keys that our MX shows' }
  // Whether they match in another form (an authority, a whole certificate) is not looked into.
  const others = published.filter(({ usage, selector, matching }) => usage !== 3 || selector !== 1 || matching !== 1)
  if (published.length > others.length) {
    return {
      state: 'change',
      why: 'the key that our MX shows is not among them: senders that do DANE keep their mail back',
    }
  }
  if (others.length > 0) return { state: 'cannot tell', why: 'records of other forms, which are not compared' }
  return { state: 'suggest', why: 'senders that do DANE insist on TLS with this key' }
}

type KeyHash =
  | { readonly kind: 'key'; readonly hash: string }
  /** It is for other names: chosen by SNI, which a sender that does DANE sends (RFC 7672 §8.1). */
  | { readonly kind: 'other' }
  | { readonly kind: 'unread'; readonly why: string }

async function keyHash(file: string, host: string): Promise<KeyHash> {
  let pem: string
  try {
    pem = await readFile(file, 'latin1')
  } catch (error) {
    return { kind: 'unread', why: (error as NodeJS.ErrnoException).code ?? (error as Error).message }
  }
  const [first] = block.exec(pem) ?? []
  if (first === undefined) return { kind: 'unread', why: 'no certificate in it' }
  try {
    const certificate = new X509Certificate(first)
    if (certificate.checkHost(host) === undefined) return { kind: 'other' }
    const key = certificate.publicKey.export({ type: 'spki', format: 'der' })
    return { kind: 'key', hash: createHash('sha256').update(key).digest('hex') }
  } catch {
    return { kind: 'unread', why: 'a certificate that is damaged' }
  }
}
