import { readFile, rename, writeFile } from 'node:fs/promises'
import type { Clock, Timer } from '../../mail/clock.ts'
import type { Log } from '../../mail/log.ts'
import type { CountRecord, TlsCounts } from './counts.ts'

const everyMs = 60_000
/** A file beyond it is none of ours. */
const maxBytes = 256 * 1024 * 1024

export type CountsFile = {
  /** Writes what has changed. */
  write(): Promise<void>
  close(): Promise<void>
}

/**
 * What was counted for reports on TLS, in `<stateDir>/tls-reports.ndjson`: a day outlives a restart. Written anew once a
 * minute when something has changed, and at the end; a crash forgets the last minute. States at a start:
 *   none         nothing was counted
 *   whole        read
 *   unreadable   told, and begun anew: statistics for strangers are no reason not to deliver mail
 *   *.tmp        a crash while it was written; overwritten
 */
export async function keepCounts(file: string, counts: TlsCounts, clock: Clock, log: Log): Promise<CountsFile> {
  try {
    counts.restore(readRecords(await readFile(file, 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      log.warn('tls-reports.unreadable', { file, error: (error as Error).message })
    }
  }
  counts.changed = false
  let timer: Timer | null = null
  let isClosed = false
  let failed = false
  const write = async (): Promise<void> => {
    if (!counts.changed) return
    counts.changed = false
    try {
      const lines = [...counts.records()].map((record) => `${JSON.stringify(record)}\n`)
      await writeFile(`${file}.tmp`, lines.join(''), { mode: 0o600 })
      await rename(`${file}.tmp`, file)
      failed = false
    } catch (error) {
      counts.changed = true
      if (!failed) log.error('tls-reports.not-stored', { file, error: (error as Error).message })
      failed = true
    }
  }
  const later = (): void => {
    timer = clock.setTimeout(() => void write().then(() => !isClosed && later()), everyMs)
  }
  later()
  return {
    write,
    async close() {
      isClosed = true
      timer?.cancel()
      await write()
    },
  }
}

/** @throws Error for what is no such file */
function readRecords(text: string): CountRecord[] {
  if (text.length > maxBytes) throw new Error(`larger than ${maxBytes} octets`)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, i) => {
      const value: unknown = JSON.parse(line)
      if (!isRecord(value)) throw new Error(`line ${i + 1} is no count`)
      return value
    })
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
