import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import { changesOf, messageText, type StateChange, statesText } from './message-record.ts'
import { recordBytes } from './record.ts'
import type { Segment } from './segment.ts'
import type { Spool } from './spool.ts'
import { extentsOf } from './spool-intake.ts'
import { type Piece, type Place, readPiece } from './stored-body.ts'
import type { StoredEntry } from './stored-entry.ts'

/** With fewer segments in use there is nothing worth the trouble. */
const minSegments = 8
/** In use, and hardly used: live octets to octets of all segments in use, and of the one to be cleared. */
const maxShare = 0.25
const pauseMs = 30_000

/**
 * One message that waits for days keeps a whole segment. When most of what is in use is no longer needed, the messages
 * of the emptiest segments are written again at the end of the log, and the segments are free.
 */
export function compactNowAndThen(spool: Spool, clock: Clock, log: Log): void {
  spool.nextCompaction = clock.setTimeout(() => {
    compact(spool)
      .then((moved) => {
        if (moved > 0) log.info('spool.compacted', { messages: moved, segments: spool.pool.segments.size })
      })
      .catch((error: Error) => log.warn('spool.compaction-failed', { error: error.message }))
      .finally(() => {
        if (!spool.isClosed) compactNowAndThen(spool, clock, log)
      })
  }, pauseMs)
}

/** Clears segments until enough of what is in use is needed. Gives the number of messages moved. @throws SpoolError */
export async function compact(spool: Spool): Promise<number> {
  let moved = 0
  for (let segment = worst(spool); segment !== null && !spool.isClosed; segment = worst(spool)) {
    for (const entry of [...segment.entries]) {
      if (spool.isClosed) return moved
      await move(spool, entry)
      moved++
    }
  }
  return moved
}

function worst(spool: Spool): Segment | null {
  const inUse = [...spool.pool.segments.values()].filter(
    (segment) => segment.entries.size > 0 && !spool.writer.isTail(segment),
  )
  // A companion grows with each attempt at the messages of its segment.
  const talkative = inUse.find((segment) => segment.marksEnd > segment.sizeBytes / 2)
  if (talkative !== undefined) return talkative
  if (inUse.length < minSegments) return null
  const size = inUse.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const live = inUse.reduce((sum, { liveBytes }) => sum + liveBytes, 0)
  if (live > size * maxShare) return null
  const emptiest = inUse.reduce((one, other) => (other.liveBytes < one.liveBytes ? other : one))
  return emptiest.liveBytes > emptiest.sizeBytes * maxShare ? null : emptiest
}

/**
 * Writes a message again at the end of the log. Until the new record is on stable storage the old one counts, and so
 * does every mark at it; then a mark says that it is gone. A crash in between leaves both, and the old one wins.
 */
async function move(spool: Spool, entry: StoredEntry): Promise<void> {
  const old = entry.place
  const held = [old.piece, ...old.chunks].map(({ segment }) => segment)
  for (const segment of held) segment.hold()
  const chunks: Piece[] = []
  try {
    for (const chunk of old.chunks) {
      const body = await readPiece(chunk)
      chunks.push(spool.writer.appendChunk([body], body.length, { chunkWritten() {}, stored() {}, failed() {} }))
    }
    const tail = await readPiece(old.piece)
    if (entry.isGone) return
    await rewrite(spool, entry, tail, chunks)
  } finally {
    for (const { segment } of chunks) segment.release()
    for (const segment of held) segment.release()
  }
}

function rewrite(spool: Spool, entry: StoredEntry, tail: Buffer, chunks: readonly Piece[]): Promise<void> {
  const old = entry.place
  const states = snapshot(entry)
  const { id, queuedAt, body } = entry
  const { sizeBytes, dots, eightBit } = body
  const recipients = entry.recipients.length
  const facts = { id, queuedAt, sizeBytes, dots, eightBit, recipients, extents: extentsOf(chunks), states }
  const meta = messageText({ ...facts, movedFrom: old.piece.sequence }, entry.text)
  return new Promise((resolve, reject) => {
    const piece = spool.writer.appendMessage(meta, [tail], tail.length, {
      chunkWritten() {},
      stored() {
        const { segment, sequence } = piece
        if (entry.isGone) spool.marks.add(segment, { sequence, kind: 'done', text: '' })
        else {
          const text = statesText(snapshot(entry))
          if (text !== statesText(states)) {
            spool.marks.add(segment, { sequence, kind: 'states', text })
            // Before the old record is gone, as its marks go with it.
            spool.marks.flush()
          }
          spool.marks.add(old.piece.segment, { sequence: old.piece.sequence, kind: 'gone', text: '' })
          const place: Place = { piece, recordBytes: recordBytes(Buffer.byteLength(meta), tail.length), chunks }
          spool.leave(entry)
          entry.body.place = place
          spool.enter(entry)
        }
        resolve()
      },
      failed: reject,
    })
  })
}

/** A failure whose notification is not yet stored has not yet happened. */
function snapshot(entry: StoredEntry): readonly StateChange[] {
  const slots = entry.recipients.map((slot) => (slot.isReporting ? { ...slot, state: 'waiting' as const } : slot))
  return changesOf(slots, slots.keys())
}
