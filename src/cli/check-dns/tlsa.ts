import type { Document } from '../../config/document.ts'
import type { CachingResolver } from '../../dns/resolver.ts'
import { planTlsa } from '../dns/plan-tlsa.ts'
import { type Finding, findings, type Level } from './finding.ts'

const levels: ReadonlyMap<string, Level> = new Map([
  ['published', 'ok'],
  ['change', 'problem'],
  ['cannot tell', 'cannot tell'],
])

/** Published TLSA records are the keys that our MX shows: with others, senders that do DANE keep their mail. None is no mistake. */
export async function checkTlsa(
  document: Pick<Document, 'listeners' | 'certificates'>,
  resolver: Pick<CachingResolver, 'addresses' | 'tlsa'>,
): Promise<readonly Finding[]> {
  const planned = await planTlsa(document, resolver)
  return planned.flatMap(({ name, state, wanted, published, why }) => {
    if (published?.length === 0) return []
    const level = levels.get(state) ?? 'warning'
    const finding = findings('tlsa', name, wanted.length > 0 ? wanted.join(' or ') : 'the key that our MX shows')
    return [finding(level, `${published === null ? '' : `${published.join(', ')}: `}${why}`)]
  })
}
