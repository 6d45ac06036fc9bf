import { crc32 } from 'node:zlib'
import {
  aligned,
  headerBytes,
  isIntact,
  maxBodyBytes,
  type RecordHeader,
  readHeader,
  recordBytes,
  recordMagic,
} from './record.ts'
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
 * Not sealed (`end` is `null`): the log ended here, perhaps in the middle of a write, so bodies are checked too. The
 * first record that is not intact is the end, if none is behind it. If there is one, a disk has changed what was written
 * and acknowledged, or lost power in the middle of a write, and nobody can tell which: what is whole is kept, for a
 * message that comes twice is better than one that is lost. `unread` is told of records whose text is intact alone.
 */
export function scan(
  segment: Segment,
  end: number | null,
  each: (record: RecordHeader, at: number, meta: () => Buffer) => void,
  unread: (record: RecordHeader, meta: () => Buffer) => void = () => {},
): Scanned {
  const limit = Math.min(end ?? segment.sizeBytes, segment.file.sizeBytes())
  const window = new Window(segment, limit)
  const damagedAt: number[] = []
  let at = dataStart
  let last = 0
  let isBehindGap = end !== null
  while (at + headerBytes <= limit) {
    const metaAt = at + headerBytes
    const record = recordAt(window, at, segment.generation, end === null)
    if (record !== null && (isBehindGap ? record.sequence > last : last === 0 || record.sequence === last + 1)) {
      const { metaBytes } = record
      each(record, at, () => window.slice(metaAt, metaBytes))
      last = record.sequence
      isBehindGap = end !== null
      at += recordBytes(record.metaBytes, record.bodyBytes)
      continue
    }
    if (end === null) {
      const behind = record === null ? nextWhole(window, at, limit, segment.generation, last) : null
      if (behind === null) return { end: at, tornBytes: tornAt(window, at, segment.generation), damagedAt }
      for (const { lost, lostAt } of behind.lost) {
        if (window.load(lostAt, headerBytes + lost.metaBytes)) {
          unread(lost, () => window.slice(lostAt + headerBytes, lost.metaBytes))
        }
      }
      damagedAt.push(at)
      isBehindGap = true
      at = behind.at
      continue
    }
    damagedAt.push(at)
    do at += 8
    while (at + headerBytes <= limit && recordAt(window, at, segment.generation, true) === null)
  }
  return { end: at, tornBytes: 0, damagedAt }
}

type Lost = { readonly lost: RecordHeader; readonly lostAt: number }

/**
 * Where the next whole record with a sequence behind `last` begins, and those before it whose text alone is intact. Nobody
 * who sends mail can write one into his message: a record has NUL in it, and content with NUL is refused.
 */
function nextWhole(
  window: Window,
  from: number,
  limit: number,
  generation: number,
  last: number,
): { readonly at: number; readonly lost: readonly Lost[] } | null {
  const lost: Lost[] = []
  for (let at = from; at + headerBytes <= limit; ) {
    const found = window.find(recordMagic, at)
    if (found === null) return null
    at = aligned(found + 1)
    if (found % 8 !== 0) continue
    const record = recordAt(window, found, generation, false)
    if (record === null || record.sequence <= last) continue
    if (recordAt(window, found, generation, true) !== null) return { at: found, lost }
    lost.push({ lost: record, lostAt: found })
  }
  return null
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

  /** The first place from `at` on where these octets are. */
  find(octets: Buffer, at: number): number | null {
    let from = at
    while (this.load(from, octets.length)) {
      const index = this.buffer.subarray(0, this.length).indexOf(octets, from - this.from)
      if (index >= 0) return this.from + index
      from = this.from + this.length - octets.length + 1
    }
    return null
  }

  /** Valid until the next record is looked at. */
  slice(at: number, bytes: number): Buffer {
    return this.buffer.subarray(at - this.from, at - this.from + bytes)
  }
}
