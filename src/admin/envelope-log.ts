import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Timer } from '../mail/clock.ts'
import { type AlsoTo, type EnvelopeRecord, envelopeLine, timeOfLine } from '../mail/envelope-record.ts'
import type { Log } from '../mail/log.ts'
import type { EnvelopeLogSettings } from '../mail/settings.ts'
import { type EnvelopeFile, envelopeFileName, envelopeFiles, pruneEnvelopes } from './envelope-files.ts'
import { hashLogin, hashMailbox, readKey } from './envelope-hash.ts'

/**
 * What clients asked for and what they were answered, in `<stateDir>/envelopes`:
 *   <time>.ndjson   records from that time on; the last line may be unfinished after a crash
 *   key             of hashed local parts
 * For replays and explanations, not for anybody's rights: it is written when there is time, never synced, and what does
 * not fit is left out. Mail never waits for it.
 */
export type EnvelopeLog = {
  /** `others`: recipients of whom all the rest is true as well. */
  add(record: EnvelopeRecord, others?: readonly AlsoTo[]): void
  /** In the order of time, with what was in memory. */
  files(): Promise<readonly EnvelopeFile[]>
  close(): Promise<void>
}

export type EnvelopeLogParts = {
  readonly folder: string
  /** Asked at each record: an apply may change them. `null`: nothing is kept from now on. */
  readonly settings: () => EnvelopeLogSettings | null
  readonly clock: Clock
  readonly log: Log
}

/** Written when so much is there, or a second after the first record. */
const writeAt = 64 * 1024
const writeAfterMs = 1000
/** More than this in memory means that the disk does not keep up; the rest is left out. */
const maxPending = 8 * 1024 * 1024
/** After a failure nothing is tried for so long. */
const pauseMs = 60_000
/** So many files hold all that is kept; one of them is removed at a time. */
const parts = 24

/**
 * idle      nothing in memory
 * gathering records are in memory, a timer runs
 * writing   one write at a time; records gather meanwhile
 * failed    records are left out until the pause is over; told once, and again when it works
 * closed
 */
export async function openEnvelopeLog({ folder, settings, clock, log }: EnvelopeLogParts): Promise<EnvelopeLog> {
  let pending: string[] = []
  let pendingLength = 0
  let left = 0
  let timer: Timer | null = null
  let writing: Promise<void> | null = null
  let file: { readonly handle: FileHandle; readonly since: number; bytes: number } | null = null
  let failedAt: number | null = null
  let isClosed = false
  let latest: EnvelopeLogSettings | null = null

  const failed = (error: unknown): void => {
    if (failedAt === null) log.error('envelopes.failed', { error: (error as Error).message })
    failedAt = clock.now()
  }
  const endFile = async (): Promise<void> => {
    const ended = file
    file = null
    await ended?.handle.close().catch(() => {})
  }
  const append = async (text: string, first: number, { keepMs, maxBytes }: EnvelopeLogSettings): Promise<void> => {
    const now = clock.now()
    const size = Buffer.byteLength(text)
    if (file !== null && (file.bytes + size > maxBytes / parts || now - file.since > keepMs / parts)) await endFile()
    if (file === null) {
      await pruneEnvelopes(folder, now - keepMs, Math.max(0, maxBytes - Math.max(size, maxBytes / parts)))
      file = { handle: await open(join(folder, envelopeFileName(first)), 'a', 0o600), since: first, bytes: 0 }
    }
    await file.handle.appendFile(text)
    file.bytes += size
  }
  const write = async (): Promise<void> => {
    const records = pending
    pending = []
    pendingLength = 0
    // What was taken is written, also when the log was turned off since.
    const current = settings() ?? latest
    if (current === null || records.length === 0) return
    try {
      await append(records.join(''), timeOfLine(records[0]!), current)
      if (failedAt !== null) log.info('envelopes.resumed', { left })
      failedAt = null
      left = 0
    } catch (error) {
      left += records.length
      failed(error)
      // What was written in part stays behind as an unfinished line; the next record begins its own file.
      await endFile()
    }
  }
  const flush = (): Promise<void> => {
    timer?.cancel()
    timer = null
    writing ??= write().finally(() => {
      writing = null
      if (pendingLength >= writeAt) void flush()
      else if (pendingLength > 0) timer ??= clock.setTimeout(() => void flush(), writeAfterMs)
    })
    return writing
  }
  const settle = async (): Promise<void> => {
    while (writing !== null || pendingLength > 0) await flush()
  }

  let key: Buffer = randomBytes(32)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    key = await readKey(join(folder, 'key'))
  } catch (error) {
    failed(error)
  }
  const hashed = (mailbox: string | null): string | null => (mailbox === null ? null : hashMailbox(key, mailbox))
  return {
    add(record, others = []) {
      const current = settings()
      if (current === null || isClosed) return
      latest = current
      if (pendingLength > maxPending || (failedAt !== null && clock.now() - failedAt < pauseMs)) {
        left += 1 + others.length
        return
      }
      const isPlain = current.localParts === 'plain'
      const line = isPlain
        ? envelopeLine(record, others)
        : envelopeLine(
            {
              ...record,
              from: hashed(record.from),
              to: hashed(record.to),
              ...(record.login === undefined ? {} : { login: hashLogin(key, record.login) }),
              hashed: true,
            },
            others.map(({ to, at }) => ({ to: hashed(to), at })),
          )
      pending.push(line)
      pendingLength += line.length
      if (writing !== null) return
      if (pendingLength >= writeAt) void flush()
      else timer ??= clock.setTimeout(() => void flush(), writeAfterMs)
    },
    async files() {
      await settle()
      return await envelopeFiles(folder)
    },
    async close() {
      isClosed = true
      await settle()
      timer?.cancel()
      await endFile()
    },
  }
}
