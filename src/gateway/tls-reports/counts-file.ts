import type { Clock } from '../../mail/clock.ts'
import type { Log } from '../../mail/log.ts'
import { type KeptCounts, keepCounts } from '../kept-counts.ts'
import type { CountRecord, TlsCounts } from './counts.ts'

/** What was counted for reports on TLS, in `<stateDir>/tls-reports.ndjson`: a day outlives a restart. */
export async function keepTlsCounts(file: string, counts: TlsCounts, clock: Clock, log: Log): Promise<KeptCounts> {
  return await keepCounts<CountRecord>(
    {
      file,
      maxBytes: 256 * 1024 * 1024,
      counts,
      restore(records) {
        counts.restore(records)
        counts.changed = false
      },
      records: () => counts.records(),
      isRecord,
      unreadable: (error) => log.warn('tls-reports.unreadable', { file, error }),
      notStored: (error) => log.error('tls-reports.not-stored', { file, error }),
    },
    clock,
  )
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

function isRecord(value: unknown): value is CountRecord {
  if (typeof value !== 'object' || value === null) return false
  const { day, type, domain, text, mx, successes, failures, details } = value as Record<string, unknown>
  const isTexts = (list: unknown) => Array.isArray(list) && list.every((one) => typeof one === 'string')
  return (
    typeof day === 'string' &&
    /^\d{4}-\d{2}-\d{2}$/.test(day) &&
    (type === 'tlsa' || type === 'sts' || type === 'no-policy-found') &&
    typeof domain === 'string' &&
    isTexts(text) &&
    isTexts(mx) &&
    isCount(successes) &&
    isCount(failures) &&
    Array.isArray(details) &&
    details.every((one) => typeof one === 'object' && one !== null && isCount((one as FailureCount).sessions))
  )
}

type FailureCount = { readonly sessions?: unknown }
