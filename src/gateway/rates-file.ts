import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import { type KeptCounts, keepCounts } from './kept-counts.ts'
import type { RateRecord, Rates } from './rates.ts'

/** Shorter windows are over before anybody could make use of a restart. */
const leastMs = 3_600_000

/** What was counted over an hour or longer, in `<stateDir>/rates.ndjson`: a quota of a day outlives a restart. */
export const keepRates = (file: string, rates: Rates, clock: Clock, log: Log): Promise<KeptCounts> =>
  keepCounts<RateRecord>(
    {
      file,
      maxBytes: 128 * 1024 * 1024,
      counts: rates,
      restore: (records) => rates.restore(records),
      records: () => rates.records(leastMs),
      isRecord,
      sweep: () => rates.sweep(clock.now()),
      unreadable: (error) => log.warn('rates.unreadable', { file, error }),
      notStored: (error) => log.error('rates.not-stored', { file, error }),
    },
    clock,
  )

function isRecord(value: unknown): value is RateRecord {
  if (typeof value !== 'object' || value === null) return false
  const { key, perMs, slots } = value as Record<string, unknown>
  if (typeof key !== 'string' || typeof perMs !== 'number' || !(perMs >= leastMs)) return false
  return (
    Array.isArray(slots) &&
    slots.length % 2 === 0 &&
    slots.length <= 200 &&
    slots.every((one) => Number.isSafeInteger(one) && one >= 0)
  )
}
