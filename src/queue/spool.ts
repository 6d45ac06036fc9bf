import { join } from 'node:path'
import type { Clock, Timer } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import { compactNowAndThen } from './compaction.ts'
import { type Disk, realDisk } from './disk.ts'
import { makeIds } from './id.ts'
import type { Inlet } from './intake.ts'
import { LogWriter } from './log-writer.ts'
import { MarkWriter } from './mark-writer.ts'
import { changesOf, statesText } from './message-record.ts'
import { maxBodyBytes } from './record.ts'
import { type Recovered, recover } from './recovery.ts'
import { SegmentPool } from './segment-pool.ts'
import { SpoolIntake } from './spool-intake.ts'
import type { MemoryBudget, Place } from './stored-body.ts'
import type { StoredEntry } from './stored-entry.ts'

export type SpoolOptions = {
  /** The state folder; the spool is `spool/shard-0` in it. */
  readonly dir: string
  readonly clock: Clock
  readonly log: Log
  readonly disk?: Disk
  /** A whole number below `limit`, for ids that do not repeat after a restart. */
  readonly random?: (limit: number) => number
  readonly segmentBytes?: number
  readonly segmentsAhead?: number
  readonly segmentsKept?: number
  readonly memoryBytes?: number
  /** A body of this size or more goes into the log piece by piece. At most 128 KiB. */
  readonly pieceBytes?: number
}

/** Told of every message that is on stable storage, right after its sender was. */
export type Sink = { stored(entry: StoredEntry): void }

const MiB = 1024 * 1024
/** Unwritten or buffered beyond it: senders wait, and what is only in memory goes to the log. */
const congestedBytes = 16 * MiB
const aheadDelayMs = 500

/** Messages on disk, from the first octet received to the last recipient decided. `docs/spool.md` is its page. */
export class Spool implements Inlet {
  readonly writer: LogWriter
  readonly memory: MemoryBudget
  sink: Sink = { stored() {} }
  /** Octets of open messages that are only in memory. */
  bufferedBytes = 0
  isClosed = false
  readonly pool: SegmentPool
  /** Cancelled at the end: a timer would keep the process. */
  nextCompaction: Timer | null = null
  readonly pieceBytes: number
  readonly marks: MarkWriter
  private readonly clock: Clock
  private readonly newId: () => string
  private readonly open = new Set<SpoolIntake>()
  private readonly blocked = new Set<SpoolIntake>()

  constructor(options: SpoolOptions, pool: SegmentPool) {
    const { clock, log } = options
    this.clock = clock
    this.pool = pool
    this.pieceBytes = Math.min(options.pieceBytes ?? maxBodyBytes, maxBodyBytes)
    this.memory = { usedBytes: 0, limitBytes: options.memoryBytes ?? 32 * MiB }
    this.newId = makeIds(() => clock.now(), options.random)
    this.writer = new LogWriter({
      pool,
      clock,
      log,
      onWritten: () => this.unblockAll(),
      onFailed: (error) => this.failLarge(error),
    })
    this.marks = new MarkWriter(clock, log)
  }

  now(): number {
    return this.clock.now()
  }

  begin(onReady: () => void): SpoolIntake | null {
    if (this.writer.isPausing || this.writer.unwrittenBytes > 2 * congestedBytes) return null
    const intake = new SpoolIntake(this.newId(), this, onReady)
    this.open.add(intake)
    return intake
  }

  /** The state of these recipients is now what it is: on disk before the next socket is looked at. */
  mark(entry: StoredEntry, recipients: Iterable<number>): void {
    const text = statesText(changesOf(entry.recipients, recipients))
    const { segment, sequence } = entry.place.piece
    this.marks.add(segment, { sequence, kind: 'states', text })
  }

  /** No recipient needs anything more: the message leaves the disk. */
  done(entry: StoredEntry): void {
    const { segment, sequence } = entry.place.piece
    this.marks.add(segment, { sequence, kind: 'done', text: '' })
    entry.isGone = true
    entry.body.drop()
    this.leave(entry)
  }

  /** Resolves when every mark made so far is on stable storage; with `false` when the disk refused one. */
  settled(): Promise<boolean> {
    return new Promise((resolve) => this.marks.settle((error) => resolve(error === null)))
  }

  /** The message needs the segments of `place` from now on. */
  enter(entry: StoredEntry, place: Place = entry.place): void {
    const { piece, recordBytes, chunks } = place
    piece.segment.entries.add(entry)
    piece.segment.liveBytes += recordBytes
    for (const { segment, bytes } of chunks) {
      segment.entries.add(entry)
      segment.liveBytes += bytes
    }
  }

  /** It needs them no longer. */
  leave(entry: StoredEntry, place: Place = entry.place): void {
    const { piece, recordBytes, chunks } = place
    for (const { segment, bytes } of chunks) {
      segment.liveBytes -= bytes
      segment.forget(entry)
    }
    piece.segment.liveBytes -= recordBytes
    piece.segment.forget(entry)
  }

  get isCongested(): boolean {
    return this.writer.unwrittenBytes > congestedBytes
  }

  /** Many slow senders with a little each are as much memory as one large message. */
  spillIfFull(): void {
    if (this.bufferedBytes <= congestedBytes) return
    for (const intake of this.open) intake.spill()
  }

  block(intake: SpoolIntake): void {
    this.blocked.add(intake)
  }

  unblock(intake: SpoolIntake): void {
    this.blocked.delete(intake)
  }

  ended(intake: SpoolIntake): void {
    this.open.delete(intake)
  }

  /** Waits for what was committed, syncs the marks, closes the files. What is still open is forgotten. */
  async close(): Promise<void> {
    this.nextCompaction?.cancel()
    this.isClosed = true
    for (const intake of [...this.open]) intake.abort()
    this.writer.close()
    await new Promise<void>((resolve) => this.writer.whenIdle(resolve))
    await new Promise<void>((resolve) => this.marks.close(() => resolve()))
    await new Promise<void>((resolve) => this.pool.close(resolve))
  }

  private unblockAll(): void {
    if (this.blocked.size === 0 || this.writer.unwrittenBytes > congestedBytes / 2) return
    for (const intake of [...this.blocked]) {
      if (!intake.mayGoOn) continue
      this.blocked.delete(intake)
      intake.ready()
    }
  }

  /** Pieces that were written but not synced may be lost with what failed. */
  private failLarge(error: Error): void {
    for (const intake of this.open) if (intake.isLarge) intake.failed(error)
  }
}

/** Opens the spool of a state folder and finds what is in it. @throws SpoolError */
export async function openSpool(options: SpoolOptions): Promise<{ spool: Spool; recovered: Recovered }> {
  const { clock, log } = options
  const disk = options.disk ?? realDisk
  const segmentBytes = options.segmentBytes ?? 32 * MiB
  const folder = join(options.dir, 'spool', 'shard-0')
  disk.makeFolder(folder)
  const keep = options.segmentsKept ?? Math.ceil((512 * MiB) / segmentBytes)
  const pool = new SegmentPool({ disk, folder, segmentBytes, ahead: options.segmentsAhead ?? 2, keep, clock, log })
  const spool = new Spool(options, pool)
  const recovered = await recover({ disk, folder, pool, memory: spool.memory, log })
  spool.writer.nextSequence = recovered.lastSequence + 1
  for (const entry of recovered.entries) spool.enter(entry)
  for (const segment of [...pool.segments.values()]) if (!segment.isNeeded) pool.recycle(segment)
  // Not at once: the first seconds belong to whoever waits for the gateway.
  clock.setTimeout(() => pool.prepareMore(), aheadDelayMs)
  compactNowAndThen(spool, clock, log)
  return { spool, recovered }
}
