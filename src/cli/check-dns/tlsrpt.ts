import type { Answer } from '../../dns/answer.ts'
import type { CachingResolver } from '../../dns/resolver.ts'
import { parseMailbox } from '../../mail/path.ts'
import { type Finding, findings } from './finding.ts'

export const tlsrptName = (domain: string): string => `_smtp._tls.${domain}`

export const askTlsrpt = (resolver: Pick<CachingResolver, 'txt'>, domain: string): Promise<Answer<readonly string[]>> =>
  resolver.txt(tlsrptName(domain))

/** Where senders report failures of TLS (RFC 8460 §3). That there is no such place is no mistake. */
export function compareTlsrpt(domain: string, answer: Answer<readonly string[]>): readonly Finding[] {
  const finding = findings('tlsrpt', domain, 'one record with a place for reports')
  if (answer.kind === 'failed') return [finding('cannot tell', answer.why)]
  const records = answer.kind === 'found' ? answer.value.filter(isTlsrpt) : []
  const [text] = records
  if (text === undefined) return []
  // Several are none (RFC 8460 §3).
  if (records.length > 1) return [finding('problem', `${records.length} records, which count as none`)]
  const places = placesOf(text)
  const wrong = places.find((place) => !isPlace(place))
  if (places.length === 0) return [finding('problem', `no rua: ${text}`)]
  if (wrong !== undefined) return [finding('problem', `no place to report to: ${wrong}`)]
  return [finding('ok', places.join(', '))]
}

export const isTlsrpt = (text: string): boolean => /^v=TLSRPTv1[ \t]*(?:;|$)/.test(text)

function placesOf(text: string): readonly string[] {
  for (const field of text.split(';').slice(1)) {
    const [, places] = /^\s*rua\s*=(.*)$/.exec(field) ?? []
    if (places !== undefined) return places.split(',').map((place) => place.trim())
  }
  return []
}

function isPlace(place: string): boolean {
  if (place.startsWith('https://')) return URL.canParse(place)
  if (!place.startsWith('mailto:')) return false
  try {
    return parseMailbox(decodeURIComponent(place.slice('mailto:'.length))).ok
  } catch {
    return false
  }
}
