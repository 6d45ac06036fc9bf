import type { Clock, Timer } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import { type Mark, markBytes, putMark } from './mark.ts'
import type { Segment } from './segment.ts'

/** Longest time that a mark is only in the page cache: a power cut may repeat deliveries that are younger. */
const syncAfterMs = 200
const retryMs = 1000
const scratchBytes = 64 * 1024

/**
 * Writes marks. They are in the page cache before the event loop turns to the next socket, so that `kill -9` repeats
 * at most deliveries whose answer was not yet read; and on stable storage a moment later, in the background.
 */
export class MarkWriter {
  private readonly clock: Clock
  private readonly log: Log
  private readonly pending = new Map<Segment, Mark[]>()
  private readonly unsynced = new Set<Segment>()
  private readonly scratch = Buffer.allocUnsafeSlow(scratchBytes)
  private isScheduled = false
  private syncTimer: Timer | null = null
  private retryTimer: Timer | null = null

  constructor(clock: Clock, log: Log) {
    this.clock = clock
    this.log = log
  }

  add(segment: Segment, mark: Mark): void {
    const marks = this.pending.get(segment)
    if (marks === undefined) {
      // A message that is done leaves its segment at once; the segment must not be used again before the mark is out.
      segment.hold()
      this.pending.set(segment, [mark])
    } else marks.push(mark)
    if (this.isScheduled) return
    this.isScheduled = true
    queueMicrotask(() => {
      this.isScheduled = false
      this.flush()
    })
  }

  /**
   * Writes what is pending. What the disk refuses stays pending and is tried again, and holds up no other segment: those
   * that become free are the room that a full disk waits for.
   */
  flush(): void {
    if (this.retryTimer !== null) return
    let refused: { readonly segment: string; readonly error: string } | null = null
    for (const [segment, marks] of this.pending) {
      try {
        this.write(segment, marks)
        this.unsynced.add(segment)
      } catch (error) {
        // A segment without a message is used again or removed, and then tells of none that it held.
        if (!segment.isSpent) {
          refused ??= { segment: segment.marksPath, error: (error as Error).message }
          continue
        }
      }
      this.pending.delete(segment)
      segment.release()
    }
    if (this.unsynced.size > 0) this.syncTimer ??= this.clock.setTimeout(() => this.sync(), syncAfterMs)
    if (refused === null) return
    this.log.error('spool.marks-failed', refused)
    this.retryTimer = this.clock.setTimeout(() => {
      this.retryTimer = null
      this.flush()
    }, retryMs)
  }

  /** Writes and syncs what there is now, then calls back; with an error when some of it is not on stable storage. */
  settle(done: (error: Error | null) => void): void {
    this.flush()
    this.syncTimer?.cancel()
    this.sync((error) => done(error ?? (this.pending.size === 0 ? null : new Error('marks that the disk refused'))))
  }

  /** Writes and syncs everything, then calls back; with the last error, if there was one. */
  close(done: (error: Error | null) => void): void {
    this.stopRetry()
    this.flush()
    this.stopRetry()
    this.syncTimer?.cancel()
    this.sync(done)
  }

  private stopRetry(): void {
    this.retryTimer?.cancel()
    this.retryTimer = null
  }

  private write(segment: Segment, marks: readonly Mark[]): void {
    let bytes = 0
    for (const mark of marks) bytes += markBytes(mark)
    const target = bytes <= scratchBytes ? this.scratch : Buffer.allocUnsafe(bytes)
    let end = 0
    for (const mark of marks) end = putMark(target, end, segment.generation, mark)
    segment.marks.writeNow(target.subarray(0, end), segment.marksEnd)
    segment.marksEnd += end
  }

  private sync(done?: (error: Error | null) => void): void {
    this.syncTimer = null
    // A segment that is free has no message left to tell of.
    const segments = [...this.unsynced].filter((segment) => segment.inUse)
    this.unsynced.clear()
    let last: Error | null = null
    let left = segments.length
    if (left === 0) done?.(null)
    for (const segment of segments) {
      segment.hold()
      segment.marks.sync((error) => {
        if (error !== null) {
          last = error
          // They are in the page cache, and written with the next ones; a power cut before that repeats deliveries.
          this.log.error('spool.marks-sync-failed', { segment: segment.marksPath, error: error.message })
        }
        segment.release()
        if (--left === 0) done?.(last)
      })
    }
  }
}
