import { crc32 } from 'node:zlib'
import type { StoredBody } from './entry.ts'
import { maxBodyBytes } from './record.ts'
import type { Segment } from './segment.ts'
import { borrowSheet, giveBackSheet } from './sheet.ts'
import { SpoolError, spoolError } from './spool-error.ts'

/** A body or a piece of one, in the log. */
export type Piece = {
  readonly segment: Segment
  /** Of its record. */
  readonly sequence: number
  /** Position of its first octet. */
  readonly at: number
  readonly bytes: number
  readonly crc: number
}

/** Where a message's own record is. */
export type Place = {
  /** The record's body; of a large message, what is behind its chunks. May be empty. */
  readonly piece: Piece
  /** Length of the record, for the account of its segment. */
  readonly recordBytes: number
  readonly chunks: readonly Piece[]
}

/** Of most messages, one for all. */
export const noChunks: readonly Piece[] = Object.freeze([])

/** Octets of bodies that may stay in memory until they are delivered; beyond it they are read from the log. */
export type MemoryBudget = { usedBytes: number; readonly limitBytes: number }

export class SpooledBody implements StoredBody {
  readonly sizeBytes: number
  readonly dots: boolean
  readonly eightBit: boolean
  place: Place
  private readonly budget: MemoryBudget
  private kept: Buffer | null = null
  /** What `kept` is a part of. Used again when it is dropped, unless somebody may still read it. */
  private sheet: Buffer | null = null
  private lent = 0

  constructor(
    facts: { readonly sizeBytes: number; readonly dots: boolean; readonly eightBit: boolean },
    place: Place,
    budget: MemoryBudget,
  ) {
    this.sizeBytes = facts.sizeBytes
    this.dots = facts.dots
    this.eightBit = facts.eightBit
    this.place = place
    this.budget = budget
  }

  get chunks(): readonly Buffer[] | null {
    this.sheet = null
    return this.kept === null ? null : [this.kept]
  }

  lend(): readonly Buffer[] | null {
    if (this.kept === null) return null
    this.lent++
    return [this.kept]
  }

  returned(): void {
    this.lent--
    this.reuse()
  }

  /** Keeps the first octets of `sheet`, which are the whole body, when there is room. `false`: there is none. */
  keep(sheet: Buffer): boolean {
    if (this.budget.usedBytes + this.sizeBytes > this.budget.limitBytes) return false
    this.budget.usedBytes += this.sizeBytes
    this.kept = sheet.subarray(0, this.sizeBytes)
    this.sheet = sheet
    return true
  }

  /** Of a message that waits, as others need the memory more, or of one that is done. It is in the log by then. */
  drop(): void {
    if (this.kept === null) return
    this.budget.usedBytes -= this.sizeBytes
    this.kept = null
    this.reuse()
  }

  private reuse(): void {
    if (this.kept !== null || this.lent > 0 || this.sheet === null) return
    giveBackSheet(this.sheet)
    this.sheet = null
  }

  /**
   * One piece is read ahead while the one before it is used, in two buffers that take turns: a piece is gone when the next
   * one is asked for. The segments stay as long as somebody reads.
   */
  async *read(): AsyncGenerator<Buffer, void, void> {
    // A move to other segments (compaction) may replace `this.place` meanwhile; the copies held here stay readable.
    const pieces = [...this.place.chunks, this.place.piece].filter(({ bytes }) => bytes > 0)
    for (const { segment } of pieces) segment.hold()
    const buffers = [borrowSheet(maxBodyBytes), borrowSheet(maxBodyBytes)] as const
    let next: Promise<Buffer> | null = null
    const ahead = (index: number): Promise<Buffer> | null => {
      const piece = pieces[index]
      return piece === undefined ? null : readPiece(piece, buffers[index % 2])
    }
    try {
      next = ahead(0)
      for (let i = 0; next !== null; i++) {
        const piece: Buffer = await next
        next = ahead(i + 1)
        // When the reader stops here, nobody waits for the piece ahead: its failure is nobody's.
        next?.catch(() => {})
        yield piece
      }
    } finally {
      // The disk may still write into the piece ahead.
      await next?.catch(() => {})
      for (const buffer of buffers) giveBackSheet(buffer)
      for (const { segment } of pieces) segment.release()
    }
  }
}

/**
 * The octets of a piece, in `memory` when it is given and large enough.
 * @throws SpoolError when it cannot be read, or is not what was written
 */
export function readPiece({ segment, at, bytes, crc }: Piece, memory?: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const fits = memory !== undefined && memory.length >= bytes
    const buffer = fits ? memory.subarray(0, bytes) : Buffer.allocUnsafeSlow(bytes)
    segment.file.read(buffer, at, (error, count) => {
      if (error !== null) reject(spoolError(`read ${segment.path}`, error))
      else if (count !== bytes || crc32(buffer) !== crc) {
        reject(new SpoolError('damaged', `${segment.path}: checksum of ${bytes} octets at ${at} is wrong`))
      } else resolve(buffer)
    })
  })
}
