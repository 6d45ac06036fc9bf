import { crc32 } from 'node:zlib'

/**
 * The log is a row of records, each on a multiple of 8 octets:
 *
 *      0  magic                      24  length of the meta text
 *      4  CRC of 8..40 and meta      28  length of the body
 *      8  generation of the segment  32  CRC of the body
 *     12  type, version, 0, 0        36  0
 *     16  sequence (6 octets), 0, 0  40  meta (JSON), body, zeros up to a multiple of 8
 *
 * The generation tells a record from what an earlier life of the segment left at the same place; the sequence rises by
 * one from record to record, so that a record left by a write that never ended is not taken for the next one.
 */
export type RecordHeader = {
  readonly type: RecordType
  readonly generation: number
  readonly sequence: number
  readonly metaBytes: number
  readonly bodyBytes: number
  readonly bodyCrc: number
}

/** message: envelope and body, or the rest of a body whose first pieces are chunks. chunk: a piece of a body. */
export type RecordType = 'message' | 'chunk'

export const headerBytes = 40
/** Pieces of a body, so that each can be checked before it is given away. Larger ones cost memory and gain nothing. */
export const maxBodyBytes = 128 * 1024

const magic = 0x4d475752
/** What every record begins with. */
export const recordMagic = Buffer.from([0x52, 0x57, 0x47, 0x4d])
const version = 1
const typeNumbers = { message: 1, chunk: 2 } as const

export const aligned = (bytes: number): number => (bytes + 7) & ~7
export const recordBytes = (metaBytes: number, bodyBytes: number): number =>
  aligned(headerBytes + metaBytes + bodyBytes)

/** Writes the header at `at`. The meta text must already stand behind it, as the checksum covers both. */
export function putHeader(target: Buffer, at: number, header: RecordHeader): void {
  target.writeUInt32LE(magic, at)
  target.writeUInt32LE(header.generation, at + 8)
  target.writeUInt32LE(typeNumbers[header.type] | (version << 8), at + 12)
  target.writeUIntLE(header.sequence, at + 16, 6)
  target.writeUInt16LE(0, at + 22)
  target.writeUInt32LE(header.metaBytes, at + 24)
  target.writeUInt32LE(header.bodyBytes, at + 28)
  target.writeUInt32LE(header.bodyCrc, at + 32)
  target.writeUInt32LE(0, at + 36)
  target.writeUInt32LE(crc32(target.subarray(at + 8, at + headerBytes + header.metaBytes)), at + 4)
}

/**
 * What the 40 octets at `at` say, or `null` when they are no header of this generation. Its lengths are not to be
 * believed before `isIntact` was asked.
 */
export function readHeader(source: Buffer, at: number, generation: number): RecordHeader | null {
  if (source.length < at + headerBytes || source.readUInt32LE(at) !== magic) return null
  if (source.readUInt32LE(at + 8) !== generation) return null
  const number = source.readUInt32LE(at + 12)
  const type = number === (1 | (version << 8)) ? 'message' : number === (2 | (version << 8)) ? 'chunk' : null
  if (type === null) return null
  return {
    type,
    generation,
    sequence: source.readUIntLE(at + 16, 6),
    metaBytes: source.readUInt32LE(at + 24),
    bodyBytes: source.readUInt32LE(at + 28),
    bodyCrc: source.readUInt32LE(at + 32),
  }
}

/** Header and meta are as they were written. All of both must be in `source`. */
export const isIntact = (source: Buffer, at: number, header: RecordHeader): boolean =>
  source.readUInt32LE(at + 4) === crc32(source.subarray(at + 8, at + headerBytes + header.metaBytes))
