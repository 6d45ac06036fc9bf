import { readFile, rename, writeFile } from 'node:fs/promises'
import type { Clock, Timer } from '../mail/clock.ts'

const everyMs = 60_000

/** What is counted in memory and shall outlive a restart, a record to a line. */
export type Counted<Row> = {
  readonly file: string
  /** A file beyond it is none of ours. */
  readonly maxBytes: number
  /** Set by whoever counts, and cleared when it is written. */
  readonly counts: { changed: boolean }
  readonly restore: (records: readonly Row[]) => void
  readonly records: () => Iterable<Row>
  readonly isRecord: (value: unknown) => value is Row
  /** Before each look at what has changed. */
  readonly sweep?: () => void
  readonly unreadable: (why: string) => void
  /** Once, until it works again. */
  readonly notStored: (why: string) => void
}

export type KeptCounts = {
  /** Writes what has changed. */
  write(): Promise<void>
  close(): Promise<void>
}

/**
 * Reads the file, then writes it anew once a minute when something has changed, and at the end; a crash forgets the last
 * minute. States at a start:
 *   none         nothing was counted
 *   whole        read
 *   unreadable   told, and begun anew: counters are no reason not to carry mail
 *   *.tmp        a crash while it was written; overwritten
 */
export async function keepCounts<Row>(counted: Counted<Row>, clock: Clock): Promise<KeptCounts> {
  const { file, counts } = counted
  try {
    counted.restore(readRecords(await readFile(file, 'utf8'), counted))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') counted.unreadable((error as Error).message)
  }
  let timer: Timer | null = null
  let isClosed = false
  let failed = false
  const write = async (): Promise<void> => {
    counted.sweep?.()
    if (!counts.changed) return
    counts.changed = false
    try {
      const lines = Array.from(counted.records(), (record) => `${JSON.stringify(record)}\n`)
      await writeFile(`${file}.tmp`, lines.join(''), { mode: 0o600 })
      await rename(`${file}.tmp`, file)
      failed = false
    } catch (error) {
      counts.changed = true
      if (!failed) counted.notStored((error as Error).message)
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
function readRecords<Row>(text: string, { maxBytes, isRecord }: Counted<Row>): Row[] {
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
