import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import { Group, scratchBytes, type Waiter } from './group.ts'
import { recordBytes } from './record.ts'
import type { Segment } from './segment.ts'
import { dataStart, seal, sealAt } from './segment-header.ts'
import type { SegmentPool } from './segment-pool.ts'
import { SpoolError, spoolError } from './spool-error.ts'
import type { Piece } from './stored-body.ts'

/** Content that is written but not synced delays whoever syncs next: no more of it than this. */
const maxUnsyncedBytes = 4 * 1024 * 1024
/** After an error nothing is accepted for this long: the clients get 4yz and come again. */
const pauseMs = 1000

/**
 * Appends records to the log: one write and one sync at a time, for all who wait at that moment (group commit), while
 * the next group gathers. What is acknowledged is always a prefix of the log: after an error everything behind it fails,
 * the segment is given up at the last place that is known to be good, and the log goes on in another one.
 *
 * idle       nothing waits
 * gathering  a group waits for the end of this turn of the event loop
 * writing    one group is on its way to the disk; others gather behind it
 * pausing    after an error
 * closed
 */
export class LogWriter {
  nextSequence = 1
  /** Octets handed over and not yet in a file. */
  unwrittenBytes = 0
  private readonly pool: SegmentPool
  private readonly clock: Clock
  private readonly log: Log
  private readonly onWritten: () => void
  private readonly onFailed: (error: SpoolError) => void
  private tail: Segment | null = null
  /** Where the next record goes. */
  private position = 0
  private gathering: Group | null = null
  private readonly waiting: Group[] = []
  private isWriting = false
  private isScheduled = false
  private isClosed = false
  private unsyncedBytes = 0
  private pausedUntil = 0
  private readonly scratches: Buffer[] = []
  private readonly onIdle: (() => void)[] = []

  constructor(options: {
    readonly pool: SegmentPool
    readonly clock: Clock
    readonly log: Log
    /** Some octets have left; called before the messages of the group hear of it. */
    readonly onWritten: () => void
    /** What is written but not synced, of messages that are not yet committed, may be lost. */
    readonly onFailed: (error: SpoolError) => void
  }) {
    this.pool = options.pool
    this.clock = options.clock
    this.log = options.log
    this.onWritten = options.onWritten
    this.onFailed = options.onFailed
  }

  get isPausing(): boolean {
    return this.isClosed || this.clock.now() < this.pausedUntil
  }

  isTail(segment: Segment): boolean {
    return segment === this.tail
  }

  /** A piece of a body. Its segment is held for the caller. @throws SpoolError when there is no segment to write to */
  appendChunk(body: readonly Buffer[], bodyBytes: number, waiter: Waiter): Piece {
    const group = this.groupFor(0, bodyBytes)
    const sequence = this.nextSequence++
    const { at, crc } = group.add({ type: 'chunk', sequence, meta: '', metaBytes: 0 }, body, bodyBytes)
    this.took(group)
    group.chunks.push({ waiter, bytes: bodyBytes })
    group.segment.hold()
    return { segment: group.segment, sequence, at, bytes: bodyBytes, crc }
  }

  /** A message's own record. The caller enters itself in the segment, or holds it. @throws SpoolError */
  appendMessage(meta: string, body: readonly Buffer[], bodyBytes: number, waiter: Waiter): Piece {
    const metaBytes = Buffer.byteLength(meta)
    const group = this.groupFor(metaBytes, bodyBytes)
    const sequence = this.nextSequence++
    const { at, crc } = group.add({ type: 'message', sequence, meta, metaBytes }, body, bodyBytes)
    this.took(group)
    group.messages.push(waiter)
    return { segment: group.segment, sequence, at, bytes: bodyBytes, crc }
  }

  /** Calls back when nothing waits and nothing is on its way. */
  whenIdle(done: () => void): void {
    if (this.isWriting || this.waiting.length > 0 || this.gathering !== null) this.onIdle.push(done)
    else done()
  }

  /** Takes nothing more. */
  close(): void {
    this.isClosed = true
  }

  private took(group: Group): void {
    this.unwrittenBytes += group.end - this.position
    this.position = group.end
    if (this.isWriting || this.isScheduled) return
    this.isScheduled = true
    // After this turn's sockets were read: what they bring shares the write.
    setImmediate(() => {
      this.isScheduled = false
      if (!this.isWriting) this.writeNext()
    })
  }

  private groupFor(metaBytes: number, bodyBytes: number): Group {
    if (this.isPausing) throw new SpoolError('io', 'the spool takes nothing at the moment')
    const bytes = recordBytes(metaBytes, bodyBytes)
    if (this.tail === null || this.position + bytes > this.tail.sizeBytes) this.roll(bytes)
    if (this.gathering !== null && !this.gathering.hasRoom(metaBytes, bodyBytes) && this.gathering.bytes > 0) {
      this.waiting.push(this.gathering)
      this.gathering = null
    }
    this.gathering ??= new Group(this.tail as Segment, this.position, this.scratch())
    return this.gathering
  }

  /** The log goes on in another segment. The old one is sealed with its last group. */
  private roll(bytes: number): void {
    const next = this.pool.take()
    if (dataStart + bytes > next.sizeBytes) {
      this.pool.recycle(next)
      throw new SpoolError('full', `a record of ${bytes} octets is larger than a segment`)
    }
    next.hold()
    const { tail } = this
    if (tail !== null) {
      const last = this.gathering ?? new Group(tail, this.position, this.scratch())
      last.sealEnd = this.position
      this.waiting.push(last)
      this.gathering = null
      tail.release()
    }
    this.tail = next
    this.position = dataStart
  }

  private writeNext(): void {
    const group = this.waiting.shift() ?? this.gathering
    if (group === null) {
      for (const done of this.onIdle.splice(0)) done()
      return
    }
    if (group === this.gathering) this.gathering = null
    this.isWriting = true
    const { segment } = group
    const buffers = group.finish()
    if (buffers.length === 0) this.afterWrite(group)
    else {
      segment.file.write(buffers, group.position, (error) => {
        if (error !== null) this.fail(group, spoolError(`write ${segment.path}`, error))
        else this.afterWrite(group)
      })
    }
  }

  private afterWrite(group: Group): void {
    this.unwrittenBytes -= group.bytes
    this.unsyncedBytes += group.bytes
    for (const { waiter, bytes } of group.chunks) waiter.chunkWritten(bytes)
    const { messages, sealEnd } = group
    if (messages.length > 0 || sealEnd !== null || this.unsyncedBytes > maxUnsyncedBytes) this.sync(group)
    else this.finish(group)
    this.onWritten()
  }

  private sync(group: Group): void {
    this.unsyncedBytes = 0
    group.segment.file.sync((error) => {
      // The kernel forgets what it could not write: a second sync would lie. Everything behind it goes elsewhere.
      if (error !== null) this.fail(group, spoolError(`sync ${group.segment.path}`, error))
      else if (group.sealEnd !== null) this.seal(group, group.sealEnd)
      else this.finish(group)
    })
  }

  /** Only when what it seals is on stable storage, and before anything is written elsewhere: so a seal can be believed. */
  private seal(group: Group, end: number): void {
    writeSeal(group.segment, end, (error) => {
      if (error !== null) this.fail(group, spoolError(`seal ${group.segment.path}`, error))
      else this.finish(group)
    })
  }

  private finish(group: Group): void {
    this.isWriting = false
    if (group.scratch.length === scratchBytes && this.scratches.length < 3) this.scratches.push(group.scratch)
    // First the disk, then the news: the next group is on its way while this one's messages are answered.
    this.writeNext()
    for (const waiter of group.messages) waiter.stored()
    group.segment.release()
    if (group.messages.length > 0) this.onWritten()
  }

  /** `group` is not stored, and so is nothing behind it. */
  private fail(group: Group, error: SpoolError): void {
    this.log.error('spool.failed', { kind: error.kind, error: error.message, segment: group.segment.path })
    this.pausedUntil = this.clock.now() + pauseMs
    const lost = [group, ...this.waiting.splice(0)]
    if (this.gathering !== null) lost.push(this.gathering)
    this.gathering = null
    this.tail?.release()
    this.tail = null
    this.unwrittenBytes = 0
    this.unsyncedBytes = 0
    // A start must not find what is now refused: the segment ends before it, if the disk still takes that much.
    const { segment } = group
    const give = (failure: Error | null): void => {
      if (failure !== null) this.log.error('spool.seal-failed', { segment: segment.path, error: failure.message })
      this.isWriting = false
      for (const one of lost) {
        for (const { waiter } of one.chunks) waiter.failed(error)
        for (const waiter of one.messages) waiter.failed(error)
        one.segment.release()
      }
      this.onFailed(error)
      this.onWritten()
      this.writeNext()
    }
    writeSeal(segment, group.position, give)
  }

  private scratch(): Buffer {
    return this.scratches.pop() ?? Buffer.allocUnsafeSlow(scratchBytes)
  }
}

/** Says where the records of a segment end. Calls back when that is on stable storage. */
export function writeSeal(segment: Segment, end: number, done: (error: Error | null) => void): void {
  segment.file.write([seal(segment.generation, end)], sealAt, (error) => {
    if (error === null) segment.file.sync(done)
    else done(error)
  })
}
