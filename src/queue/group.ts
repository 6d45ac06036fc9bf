import { crc32 } from 'node:zlib'
import { aligned, headerBytes, putHeader, type RecordType } from './record.ts'
import type { Segment } from './segment.ts'

/** Who waits for a record. */
export type Waiter = {
  /** A chunk is in the file (not yet synced). */
  chunkWritten(bytes: number): void
  /** The message is on stable storage. */
  stored(): void
  /** The record, or one before it, could not be stored. */
  failed(error: Error): void
}

/** Bodies up to this size are copied behind their header: one buffer costs the kernel and Node less than many. */
const copyBytes = 16 * 1024
export const scratchBytes = 512 * 1024

/** Records that are written together, by one write at one place. */
export class Group {
  readonly segment: Segment
  readonly position: number
  bytes = 0
  readonly buffers: Uint8Array[] = []
  readonly messages: Waiter[] = []
  readonly chunks: { readonly waiter: Waiter; readonly bytes: number }[] = []
  /** Position where the segment ends, when the log goes on in another one after this group. */
  sealEnd: number | null = null
  readonly scratch: Buffer
  private used = 0
  private sliceFrom = 0

  constructor(segment: Segment, position: number, scratch: Buffer) {
    this.segment = segment
    this.position = position
    this.scratch = scratch
    segment.hold()
  }

  get end(): number {
    return this.position + this.bytes
  }

  /** Whether a record's header, meta text and (if short) body still go into the scratch memory. */
  hasRoom(metaBytes: number, bodyBytes: number): boolean {
    const copied = bodyBytes <= copyBytes ? bodyBytes : 0
    return this.used + headerBytes + metaBytes + copied + 8 <= this.scratch.length
  }

  /** Appends one record and gives the position of its body, and the body's checksum. */
  add(
    record: { readonly type: RecordType; readonly sequence: number; readonly meta: string; readonly metaBytes: number },
    body: readonly Buffer[],
    bodyBytes: number,
  ): { at: number; crc: number } {
    const { type, sequence, meta, metaBytes } = record
    const { scratch } = this
    let start = this.used
    let target = scratch
    if (start + headerBytes + metaBytes + 8 > scratch.length) {
      // The list of chunks of a very large message: in memory of its own.
      this.closeSlice()
      target = Buffer.alloc(headerBytes + metaBytes)
      start = 0
    }
    if (metaBytes > 0) target.write(meta, start + headerBytes)
    let crc = 0
    for (const piece of body) crc = crc32(piece, crc)
    const { generation } = this.segment
    putHeader(target, start, { type, generation, sequence, metaBytes, bodyBytes, bodyCrc: crc })
    const at = this.end + headerBytes + metaBytes
    if (target === scratch) this.used += headerBytes + metaBytes
    else this.buffers.push(target)
    if (bodyBytes > copyBytes || target !== scratch) {
      this.closeSlice()
      for (const piece of body) if (piece.length > 0) this.buffers.push(piece)
    } else {
      for (const piece of body) {
        scratch.set(piece, this.used)
        this.used += piece.length
      }
    }
    const unpadded = headerBytes + metaBytes + bodyBytes
    const padded = aligned(unpadded)
    scratch.fill(0, this.used, this.used + padded - unpadded)
    this.used += padded - unpadded
    this.bytes += padded
    return { at, crc }
  }

  /** All of it, in the order of the log. */
  finish(): readonly Uint8Array[] {
    this.closeSlice()
    return this.buffers
  }

  private closeSlice(): void {
    if (this.used > this.sliceFrom) this.buffers.push(this.scratch.subarray(this.sliceFrom, this.used))
    this.sliceFrom = this.used
  }
}
