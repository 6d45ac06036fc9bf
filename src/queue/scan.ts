import { crc32 } from 'node:zlib'
import { headerBytes, isIntact, maxBodyBytes, type RecordHeader, readHeader, recordBytes } from './record.ts'
import type { Segment } from './segment.ts'
import { dataStart } from './segment-header.ts'

/** Large enough to read a row of small messages at once, small enough to jump over the bodies of large ones. */
const windowBytes = 64 * 1024

export type Scanned = {
  /** Behind the last record. */
  readonly end: number
  /** Octets that look like a record behind the end: what a write that did not finish left. */
  readonly tornBytes: number
  readonly damagedAt: readonly number[]
}

/**
 * Walks the records of a segment.
 *
 * Sealed: every record up to `end` was synced, so bodies are not read (`read` checks them when they are needed); a
 * record that is not intact is damage, and the walk goes on at the next one that is.
 * Not sealed (`end` is `null`): the log ended here, perhaps in the middle of a write, so bodies are checked too, and the
 * first record that is not intact, or does not follow on the one before it, is the end.
 */
export function scan(
  segment: Segment,
  end: number | null,
  each: (record: RecordHeader, at: number, meta: () => Buffer) => void,
): Scanned {
  const limit = Math.min(end ?? segment.sizeBytes, segment.file.sizeBytes())
  const window = new Window(segment, limit)
  const damagedAt: number[] = []
  let at = dataStart
  let last = 0
  while (at + headerBytes <= limit) {
    const record = recordAt(window, at, segment.generation, end === null)
    if (record !== null && (end !== null ? record.sequence > last : last === 0 || record.sequence === last + 1)) {
      const metaAt = at + headerBytes
      const { metaBytes } = record
      each(record, at, () => window.slice(metaAt, metaBytes))
      last = record.sequence
      at += recordBytes(record.metaBytes, record.bodyBytes)
      continue
    }
    if (end === null) return { end: at, tornBytes: tornAt(window, at, segment.generation), damagedAt }
    damagedAt.push(at)
    do at += 8
    while (at + headerBytes <= limit && recordAt(window, at, segment.generation, true) === null)
  }
  return { end: at, tornBytes: 0, damagedAt }
}

/** The record at `at`, when header and meta text are intact, and the body too when it is asked for. */
function recordAt(window: Window, at: number, generation: number, withBody: boolean): RecordHeader | null {
  if (!window.load(at, headerBytes)) return null
  const record = readHeader(window.buffer, at - window.from, generation)
  if (record === null || record.bodyBytes > maxBodyBytes) return null
  const needed = headerBytes + record.metaBytes + (withBody ? record.bodyBytes : 0)
  if (!window.load(at, needed)) return null
  const start = at - window.from
  if (!isIntact(window.buffer, start, record)) return null
  if (!withBody) return record
  const bodyAt = start + headerBytes + record.metaBytes
  return crc32(window.buffer.subarray(bodyAt, bodyAt + record.bodyBytes)) === record.bodyCrc ? record : null
}

/** How much of the record that should be at `at` may be there. */
function tornAt(window: Window, at: number, generation: number): number {
  if (!window.load(at, headerBytes)) return 0
  const record = readHeader(window.buffer, at - window.from, generation)
  return record === null ? 0 : recordBytes(record.metaBytes, record.bodyBytes)
}

/** A part of the segment in memory. */
class Window {
  buffer = Buffer.allocUnsafe(windowBytes)
  from = 0
  private length = 0
  private readonly segment: Segment
  private readonly limit: number

  constructor(segment: Segment, limit: number) {
    this.segment = segment
    this.limit = limit
  }

  /** Makes `bytes` octets at `at` readable. `false`: the segment ends before. */
  load(at: number, bytes: number): boolean {
    if (at >= this.from && at + bytes <= this.from + this.length) return true
    if (at + bytes > this.limit) return false
    if (bytes > this.buffer.length) this.buffer = Buffer.allocUnsafe(bytes)
    this.from = at
    const wanted = Math.min(this.buffer.length, this.limit - at)
    this.length = this.segment.file.readNow(this.buffer.subarray(0, wanted), at)
    return this.length >= bytes
  }

  /** Valid until the next record is looked at. */
  slice(at: number, bytes: number): Buffer {
    return this.buffer.subarray(at - this.from, at - this.from + bytes)
  }
}
