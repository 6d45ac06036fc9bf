import { readFile, rename, writeFile } from 'node:fs/promises'
import type { Clock, Timer } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import type { RateRecord, Rates } from './rates.ts'

/** Shorter windows are over before anybody could make use of a restart. */
const leastMs = 3_600_000
const everyMs = 60_000
/** A file beyond it is none of ours. */
const maxBytes = 128 * 1024 * 1024

/**
 * What was counted over an hour or longer, in `<stateDir>/rates.ndjson`: a quota of a day outlives a restart. Written anew
 * once a minute when something was counted, and at the end; a crash forgets the last minute of it. States at a start:
 *   none         nothing was counted
 *   whole        read
 *   unreadable   told, and begun anew: a quota is no reason not to take mail
 *   *.tmp        a crash while it was written; overwritten
 */
export async function keepRates(
  file: string,
  rates: Rates,
  clock: Clock,
  log: Log,
): Promise<{ close(): Promise<void> }> {
  try {
    rates.restore(readRecords(await readFile(file, 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      log.warn('rates.unreadable', { file, error: (error as Error).message })
    }
  }
  let timer: Timer | null = null
  let isClosed = false
  let failed = false
  const write = async (): Promise<void> => {
    rates.sweep(clock.now())
    if (!rates.changed) return
    rates.changed = false
    try {
      const lines = [...rates.records(leastMs)].map((record) => `${JSON.stringify(record)}\n`)
      await writeFile(`${file}.tmp`, lines.join(''), { mode: 0o600 })
      await rename(`${file}.tmp`, file)
      failed = false
    } catch (error) {
      rates.changed = true
      if (!failed) log.error('rates.not-stored', { file, error: (error as Error).message })
      failed = true
    }
  }
  const later = (): void => {
    timer = clock.setTimeout(() => void write().then(() => !isClosed && later()), everyMs)
  }
  later()
  return {
    async close() {
      isClosed = true
      timer?.cancel()
      await write()
    },
  }
}

/** @throws Error for what is no such file */
function readRecords(text: string): RateRecord[] {
  if (text.length > maxBytes) throw new Error(`larger than ${maxBytes} octets`)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, i) => {
      const value: unknown = JSON.parse(line)
      if (!isRecord(value)) throw new Error(`line ${i + 1} is no counter`)
      return value
    })
}

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
