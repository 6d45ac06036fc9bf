import { type FileHandle, open, readFile } from 'node:fs/promises'
import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import { type Break, chainReader, firstPrev, seal } from './journal-chain.ts'
import type { JournalAction, JournalAnswer, JournalEntry } from './protocol.ts'

/** What an action has to say of itself; the rest of an entry is the journal's. */
export type Note = {
  readonly actor: string
  readonly action: JournalAction
  readonly onBehalfOf?: string | null
  readonly from?: string | null
  readonly to?: string | null
  readonly commit?: string | null
  readonly planHash?: string | null
  readonly reason?: string | null
  readonly gates?: JournalEntry['gates']
  /** Default: `ok`. */
  readonly result?: string
  readonly detail?: unknown
}

/**
 * `<stateDir>/journal.ndjson`: who changed what this gateway does, one JSON line each, only ever appended to, each entry
 * durable before its call is answered. States of the file at a start:
 *   none                a new gateway: it is made
 *   one chain           goes on
 *   unfinished line     a crash while it was written; nobody was told of it: it is cut off
 *   broken              somebody changed it, or the disk did: told aloud (`journal.broken`, and an entry), and the
 *                       gateway serves. A mail system that stands still because of its papers helps nobody.
 */
export type Journal = {
  /** Resolves when the entry is on stable storage, or when that failed: the action is done either way, and the log has it. */
  write(note: Note): Promise<void>
  /** @throws NodeJS.ErrnoException when the file cannot be read */
  read(after: number, limit: number): Promise<JournalAnswer>
  /** Where the chain was found broken at the start. */
  readonly broken: Break | null
  close(): Promise<void>
}

/** @throws NodeJS.ErrnoException when the file cannot be opened */
export async function openJournal(path: string, { clock, log }: { clock: Clock; log: Log }): Promise<Journal> {
  const file = await open(path, 'a+', 0o600)
  const { text, bytes, torn } = await wholeLines(path, file)
  const reader = chainReader()
  for (const line of text.split('\n').slice(0, -1)) reader.read(line)
  let seq = reader.last?.seq ?? 0
  let prev = reader.last?.hash ?? firstPrev
  const { broken } = reader
  /** Where the last entry that is on stable storage ends. */
  let size = bytes

  // One after the other: each needs the hash of the one before.
  let writing: Promise<void> = Promise.resolve()
  const append = async (note: Note): Promise<void> => {
    const { action, actor, from = null, to = null, result = 'ok' } = note
    try {
      const entry = seal({
        seq: seq + 1,
        time: new Date(clock.now()).toISOString(),
        prev,
        actor,
        onBehalfOf: note.onBehalfOf ?? null,
        action,
        from,
        to,
        commit: note.commit ?? null,
        planHash: note.planHash ?? null,
        reason: note.reason ?? null,
        gates: note.gates ?? null,
        result,
        detail: note.detail ?? null,
      })
      const line = Buffer.from(`${JSON.stringify(entry)}\n`)
      await file.appendFile(line)
      await file.datasync()
      size += line.length
      seq = entry.seq
      prev = entry.hash
      log.info('journal.written', { seq, action, actor, from, to, result, hash: prev })
    } catch (error) {
      log.error('journal.failed', { action, actor, from, to, result, error: (error as Error).message })
      // Half a line, or a whole one that may not be there after a crash: the next entry takes its place.
      await cutTo(file, size)
    }
  }
  const journal: Journal = {
    broken,
    write(note) {
      writing = writing.then(() => append(note))
      return writing
    },
    async read(after, limit) {
      await writing
      const answered = chainReader()
      const entries: JournalEntry[] = []
      for (const line of (await readFile(path, 'utf8')).split('\n').slice(0, -1)) {
        const entry = answered.read(line)
        if (entry !== null && entry.seq > after && entries.length < limit) entries.push(entry)
      }
      return { entries, broken: answered.broken }
    },
    async close() {
      await writing
      await file.close()
    },
  }
  if (torn > 0) log.warn('journal.torn', { bytes: torn })
  if (broken !== null) {
    log.error('journal.broken', { file: path, ...broken })
    const reason = `the journal is broken at line ${broken.line}: ${broken.why}`
    await journal.write({ actor: 'gateway', action: 'start', reason, result: 'journal broken' })
  }
  return journal
}

/** The text up to the last line end, everything behind it being cut off the file. */
async function wholeLines(path: string, file: FileHandle): Promise<{ text: string; bytes: number; torn: number }> {
  const content = await readFile(path)
  const bytes = content.lastIndexOf(0x0a) + 1
  if (bytes < content.length) await file.truncate(bytes)
  return { text: content.subarray(0, bytes).toString('utf8'), bytes, torn: content.length - bytes }
}

/** A file that somebody made shorter meanwhile stays as it is: that is seen by its chain. */
async function cutTo(file: FileHandle, size: number): Promise<void> {
  try {
    if ((await file.stat()).size > size) await file.truncate(size)
  } catch {
    // The disk that refused the entry refuses this too.
  }
}
