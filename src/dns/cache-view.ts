import type { MxRecord } from './answer.ts'
import { anyType, type Entry } from './cache-entry.ts'
import type { Finding } from './inquiry.ts'
import { type TlsaRecord, tlsaText } from './record-type.ts'

/** One kept answer, as `mailgw dns cache` shows it. Plain JSON. */
export type CacheView = {
  readonly name: string
  /** `*` for a name that does not exist. */
  readonly type: string
  readonly kind: 'found' | 'nodata' | 'nxdomain' | 'failed'
  /**
   * `fresh`     records within their time
   * `stale`     records beyond it, which are used where nobody has newer ones
   * `negative`  there is no such record, or no such name
   * `failure`   nobody could tell
   */
  readonly state: 'fresh' | 'stale' | 'negative' | 'failure'
  /** Records in text, or why it failed. */
  readonly data: readonly string[]
  /** Validated by a trusted name server. */
  readonly secure: boolean
  readonly storedAt: number
  readonly expiresAt: number
  readonly hits: number
  /** Why the last refresh failed; of what is stale alone. */
  readonly why?: string
}

export function viewOf({ name, type, finding, storedAt, expiresAt, hits, failure }: Entry, now: number): CacheView {
  const kind = finding.kind !== 'none' ? finding.kind : type === anyType ? 'nxdomain' : kindOf(finding)
  const state = finding.kind === 'failed' ? 'failure' : finding.kind === 'none' ? 'negative' : freshness(expiresAt, now)
  const secure = finding.kind !== 'failed' && finding.secure
  const why = failure?.finding.kind === 'failed' ? { why: failure.finding.why } : {}
  return { name, type, kind, state, data: dataOf(finding, type), secure, storedAt, expiresAt, hits, ...why }
}

const freshness = (expiresAt: number, now: number): 'fresh' | 'stale' => (expiresAt > now ? 'fresh' : 'stale')

const kindOf = (finding: Extract<Finding, { kind: 'none' }>): 'nodata' | 'nxdomain' =>
  finding.denied === null ? 'nodata' : 'nxdomain'

function dataOf(finding: Finding, type: string): string[] {
  if (finding.kind === 'failed') return [finding.why]
  return finding.kind === 'none' ? [] : finding.values.map((value) => recordText(value, type))
}

/** A record as zone files have it. What the values of a type are is said by its reader (`record-type.ts`). */
function recordText(value: unknown, type: string): string {
  if (type === 'MX') {
    const { preference, exchange } = value as MxRecord
    return `${preference} ${exchange === '' ? '.' : exchange}`
  }
  if (type === 'TLSA') return tlsaText(value as TlsaRecord)
  return String(value)
}
