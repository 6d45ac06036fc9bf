import { replyText } from '../mail/reply.ts'
import { findMarks } from './mark.ts'
import { parseStatesText } from './message-record.ts'
import type { Segment } from './segment.ts'
import type { StoredEntry } from './stored-entry.ts'

/** What came of one attempt, as the spool has it. */
export type PastAttempt = {
  /** The first is 1. */
  readonly number: number
  /** Epoch ms of its end; `null`: it was the last one, or is of before this was kept. */
  readonly at: number | null
  readonly nextHop: string | null
  readonly host: string | null
  readonly reply: string | null
  readonly why: string | null
}

/** Of each recipient so many are told, the latest. */
const mostAttempts = 10
const pieceBytes = 256 * 1024

/**
 * The attempts of a message by recipient, oldest first. Nothing is kept for it: each attempt has left its mark beside the
 * message, and the marks of one segment are read. What was before the message was moved to another segment is gone, but
 * for the last attempt.
 */
export async function attemptsOf(entry: StoredEntry): Promise<readonly (readonly PastAttempt[])[]> {
  const { segment, sequence } = entry.place.piece
  const found: PastAttempt[][] = entry.recipients.map(() => [])
  // Nobody has another message written over it meanwhile.
  segment.hold()
  try {
    for await (const text of marksOf(segment, sequence)) {
      for (const { recipients, state } of parseStatesText(text)) {
        const { attempts: number, lastAttemptAt: at, nextHop, lastHost: host, lastReply, why } = state
        for (const index of recipients) {
          const own = found[index]
          // A mark may tell of a hold, or a warning, and of no attempt.
          if (own === undefined || number <= (own.at(-1)?.number ?? 0)) continue
          const reply = lastReply === null ? null : replyText(lastReply)
          own.push({ number, at, nextHop, host, reply, why })
          if (own.length > mostAttempts) own.shift()
        }
      }
    }
  } finally {
    segment.release()
  }
  return found.map((own, index) => withLatest(own, entry, index))
}

/** The texts of a message's marks, in their order, and never all marks of the segment in memory. */
async function* marksOf(segment: Segment, sequence: number): AsyncGenerator<string, void, void> {
  const { marks, marksEnd, generation } = segment
  let buffer = Buffer.alloc(pieceBytes)
  for (let at = 0; at < marksEnd; ) {
    const bytes = await new Promise<number>((resolve, reject) =>
      marks.read(buffer, at, (error, bytes) => (error === null ? resolve(bytes) : reject(error))),
    )
    const source = buffer.subarray(0, Math.min(bytes, marksEnd - at))
    const { texts, end } = findMarks(source, generation, sequence)
    yield* texts
    at += end
    if (end > 0) continue
    // One mark that is longer than the piece, or the end of what is intact.
    if (bytes < buffer.length) return
    buffer = Buffer.alloc(buffer.length * 4)
    if (buffer.length > marksEnd * 4 + pieceBytes) return
  }
}

/** The latest is known also where its mark is not: of a message that was moved, or on its way to the disk. */
function withLatest(own: readonly PastAttempt[], { recipients }: StoredEntry, index: number): readonly PastAttempt[] {
  const { attempts, lastAttemptAt: at, nextHop, lastHost: host, lastReply, why } = recipients[index]!
  if (attempts === 0 || (own.at(-1)?.number ?? 0) >= attempts) return own
  const reply = lastReply === null ? null : replyText(lastReply)
  return [...own, { number: attempts, at, nextHop, host, reply, why }].slice(-mostAttempts)
}
