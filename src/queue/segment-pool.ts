import { join } from 'node:path'
import type { Clock, Timer } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import type { Disk } from './disk.ts'
import { Segment } from './segment.ts'
import { dataStart, segmentHeader } from './segment-header.ts'
import { spoolError } from './spool-error.ts'

export type PoolOptions = {
  readonly disk: Disk
  readonly folder: string
  readonly segmentBytes: number
  /** Segments to have ready before they are needed. */
  readonly ahead: number
  /** Free segments to keep for use again; what is free beyond it is removed. */
  readonly keep: number
  readonly clock: Clock
  readonly log: Log
}

const fillBytes = 1024 * 1024
/** Room for the marks of usual messages, so that a full disk does not keep a delivery from being marked. */
const marksBytes = 256 * 1024
const retryMs = 10_000

/**
 * All segments. Some are made ready ahead, in the background: filled with zeros once, because overwriting is several
 * times faster than appending (no metadata changes), and given the header of a new generation each time.
 */
export class SegmentPool {
  readonly segments = new Map<number, Segment>()
  private readonly options: PoolOptions
  private readonly ready: Segment[] = []
  private readonly free: Segment[] = []
  private isPreparing = false
  private isClosed = false
  private nextNumber = 1
  private nextGeneration = 1
  private retry: Timer | null = null
  private onClosed: () => void = () => {}

  constructor(options: PoolOptions) {
    this.options = options
  }

  /** For a start: the file is there, and perhaps something in it. */
  adopt(number: number): Segment {
    const { disk, folder, segmentBytes } = this.options
    this.nextNumber = Math.max(this.nextNumber, number + 1)
    const segment = new Segment(disk, join(folder, fileName(number)), number, segmentBytes, (one) => this.recycle(one))
    this.segments.set(number, segment)
    return segment
  }

  /** Generations seen by a start are never used again. */
  sawGeneration(generation: number): void {
    this.nextGeneration = Math.max(this.nextGeneration, generation + 1)
  }

  /** An empty segment, at once: one that is ready, or a new one. @throws SpoolError */
  take(): Segment {
    const segment = this.ready.shift() ?? this.makeNow()
    segment.inUse = true
    this.prepareMore()
    return segment
  }

  /** Nothing in it is needed any more. */
  recycle(segment: Segment): void {
    if (this.isClosed) return
    segment.inUse = false
    segment.liveBytes = 0
    if (this.free.length + this.ready.length >= this.options.keep || segment.sizeBytes !== this.options.segmentBytes) {
      this.remove(segment)
      return
    }
    this.free.push(segment)
    this.prepareMore()
  }

  /** Makes segments ready in the background until there are enough. */
  prepareMore(): void {
    if (this.isPreparing || this.isClosed || this.retry !== null) return
    let segment = this.free.shift()
    if (segment === undefined) {
      if (this.ready.length >= this.options.ahead) return
      try {
        segment = this.adopt(this.nextNumber)
      } catch (error) {
        this.later(spoolError(`make a segment in ${this.options.folder}`, error))
        return
      }
    }
    this.isPreparing = true
    const one = segment
    this.prepare(one, (error) => {
      this.isPreparing = false
      if (this.isClosed) {
        this.closeFiles()
        return
      }
      if (error === null) {
        this.ready.push(one)
        this.prepareMore()
      } else {
        this.remove(one)
        this.later(spoolError(`make ${one.path} ready`, error))
      }
    })
  }

  /** Files are closed when nothing is on its way to them any more. */
  close(done: () => void): void {
    this.isClosed = true
    this.retry?.cancel()
    this.onClosed = done
    if (!this.isPreparing) this.closeFiles()
  }

  get readyCount(): number {
    return this.ready.length
  }

  private closeFiles(): void {
    for (const segment of this.segments.values()) segment.close()
    this.onClosed()
  }

  private makeNow(): Segment {
    let segment: Segment | null = null
    try {
      segment = this.adopt(this.nextNumber)
      this.renew(segment)
      // Durable with the first record, as nothing was here before that it would have to hide.
      // The whole block: there must be room for the seal when there is no more room for anything.
      segment.file.writeNow(Buffer.concat([segmentHeader(segment)], dataStart), 0)
      return segment
    } catch (error) {
      // On a full disk it fails at each try, and each would leave an open file.
      if (segment !== null) this.remove(segment)
      throw spoolError(`make a segment in ${this.options.folder}`, error)
    }
  }

  private renew(segment: Segment): void {
    segment.generation = this.nextGeneration++
    segment.marksEnd = 0
  }

  private prepare(segment: Segment, done: (error: Error | null) => void): void {
    /** Each step only after the one before it, and none after the pool was closed. */
    const then = (next: () => void) => (error: Error | null) => {
      if (error === null && !this.isClosed) next()
      else done(error)
    }
    const marks = (zeros: Buffer): void => {
      const { marks: companion } = segment
      const prewritten = then(() => {
        segment.isPrewritten = true
        done(null)
      })
      const written = then(() => segment.file.sync(then(() => companion.sync(prewritten))))
      companion.write([zeros.subarray(0, marksBytes)], 0, written)
    }
    const fill = (zeros: Buffer, at: number): void => {
      const bytes = Math.min(fillBytes, segment.sizeBytes - at)
      if (bytes > 0) {
        const more = then(() => fill(zeros, at + bytes))
        segment.file.write([zeros.subarray(0, bytes)], at, more)
      } else marks(zeros)
    }
    // First the header: until it is there, what the segment held in its last life must stay as it was.
    this.renew(segment)
    const renewed = segment.isPrewritten ? done : then(() => fill(Buffer.alloc(fillBytes), dataStart))
    segment.file.write(
      [segmentHeader(segment)],
      0,
      then(() => segment.file.sync(renewed)),
    )
  }

  private remove(segment: Segment): void {
    const { disk, log } = this.options
    this.segments.delete(segment.number)
    try {
      segment.close()
      disk.remove(segment.path)
      disk.remove(segment.marksPath)
    } catch (error) {
      // The companion may never have been made; a segment that stays is found free at the next start.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        log.warn('spool.remove-failed', { path: segment.path, error: (error as Error).message })
      }
    }
  }

  private later(error: Error): void {
    const { clock, log } = this.options
    log.warn('spool.nothing-ahead', { error: error.message })
    this.retry = clock.setTimeout(() => {
      this.retry = null
      this.prepareMore()
    }, retryMs)
  }
}

const fileName = (number: number): string => `${String(number).padStart(6, '0')}.seg`

/** The number of a segment's file, or `null` for another file. */
export function segmentNumber(name: string): number | null {
  const match = /^(\d{6,9})\.seg$/.exec(name)
  return match === null ? null : Number(match[1])
}
