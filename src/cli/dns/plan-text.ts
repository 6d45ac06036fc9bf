import type { Answer } from '../../dns/answer.ts'
import type { IpAddress } from '../../mail/ip.ts'
import { compareSpf, type SpfOf } from '../check-dns/spf-finding.ts'
import { isSpf, parseSpf } from '../check-dns/spf-record.ts'
import { compareTlsrpt, isTlsrpt, tlsrptName } from '../check-dns/tlsrpt.ts'
import type { PlannedRecord } from './planned.ts'

type Texts = Answer<readonly string[]>

const publishedOf = (answer: Texts, isOurs: (text: string) => boolean): readonly string[] | null =>
  answer.kind === 'failed' ? null : answer.kind === 'none' ? [] : answer.value.filter(isOurs)

/** SPF that lets each of our addresses send: the record as it is with what it lacks, or a new one. */
export function planSpf(
  domain: string,
  answer: Texts,
  asked: readonly SpfOf[],
  senders: readonly IpAddress[],
  hasRelays: boolean,
): PlannedRecord {
  const published = publishedOf(answer, isSpf)
  const { level, came } = compareSpf(domain, asked, senders)
  const base = { name: domain, type: 'TXT', published } as const
  if (published === null) return { ...base, state: 'cannot tell', wanted: [], why: came }
  if (level === 'ok') return { ...base, state: 'published', wanted: published, why: came }
  if (senders.length === 0) {
    return { ...base, state: 'cannot tell', wanted: published, why: 'no public address that mail leaves from is known' }
  }
  if (level === 'cannot tell') return { ...base, state: 'cannot tell', wanted: published, why: came }
  const missing = asked.filter(({ verdict }) => verdict.result !== 'pass').map(({ address }) => address)
  const [only] = published
  const isUsable =
    published.length === 1 &&
    only !== undefined &&
    parseSpf(only).ok &&
    asked.every(({ verdict }) => verdict.result !== 'permerror')
  const relayed = hasRelays ? '; what relays send on needs their include: too' : ''
  if (isUsable) {
    return { ...base, state: 'change', wanted: [withTerms(only, missing)], why: `${came}${relayed}` }
  }
  // Behind a relay the world sees its addresses, which nobody can name here: what is forgotten must not be refused.
  const fresh = withTerms(`v=spf1 ${hasRelays ? '~all' : '-all'}`, senders)
  return { ...base, state: published.length === 0 ? 'add' : 'change', wanted: [fresh], why: `${came}${relayed}` }
}

/** In front of all others: no term before them can have refused these addresses. */
function withTerms(record: string, addresses: readonly IpAddress[]): string {
  const terms = addresses.map((address) => `${address.includes(':') ? 'ip6' : 'ip4'}:${address}`)
  return ['v=spf1', ...terms, record.slice('v=spf1'.length).trim()].filter((part) => part !== '').join(' ')
}

export const dmarcName = (domain: string): string => `_dmarc.${domain}`
const isDmarc = (text: string): boolean => /^v=DMARC1[ \t]*(?:;|$)/.test(text)

/** RFC 9989: a policy that asks for reports and refuses nothing, to begin with. */
export function planDmarc(domain: string, answer: Texts, postmaster: string): PlannedRecord {
  const published = publishedOf(answer, isDmarc)
  const wanted = [`v=DMARC1; p=none; rua=mailto:${postmaster}`]
  const base = { name: dmarcName(domain), type: 'TXT', published } as const
  if (published === null) return { ...base, state: 'cannot tell', wanted, why: whyFailed(answer) }
  if (published.length === 1) return { ...base, state: 'published', wanted: published, why: 'a policy of its own' }
  if (published.length > 1) {
    return { ...base, state: 'change', wanted, why: `${published.length} records, which count as none` }
  }
  return {
    ...base,
    state: 'suggest',
    wanted,
    why: 'large receivers want one; p=none refuses nothing and brings reports',
  }
}

/** RFC 8460. */
export function planTlsrpt(domain: string, answer: Texts, postmaster: string): PlannedRecord {
  const published = publishedOf(answer, isTlsrpt)
  const wanted = [`v=TLSRPTv1; rua=mailto:${postmaster}`]
  const base = { name: tlsrptName(domain), type: 'TXT', published } as const
  if (published === null) return { ...base, state: 'cannot tell', wanted, why: whyFailed(answer) }
  const [finding] = compareTlsrpt(domain, answer)
  if (finding === undefined) return { ...base, state: 'suggest', wanted, why: 'senders report failures of TLS there' }
  if (finding.level === 'ok') return { ...base, state: 'published', wanted: published, why: finding.came }
  return { ...base, state: 'change', wanted, why: finding.came }
}

const whyFailed = (answer: Texts): string => (answer.kind === 'failed' ? answer.why : '')
