import { crc32 } from 'node:zlib'

/**
 * The first 4 KiB of a segment:
 *
 *      0  "MGWSEG1\n", number, generation, size, CRC     written and synced when the segment is made ready
 *    512  "MGWSEAL\n", generation, end, CRC              written and synced when the log goes on in another segment
 *
 * A segment with a seal of its own generation is whole up to `end`. One without is where the log ended.
 */
export const dataStart = 4096
export const sealAt = 512

export type SegmentHeader = { readonly number: number; readonly generation: number; readonly sizeBytes: number }

const headerMagic = Buffer.from('MGWSEG1\n')
const sealMagic = Buffer.from('MGWSEAL\n')

export function segmentHeader({ number, generation, sizeBytes }: SegmentHeader): Buffer {
  return block(headerMagic, [number, generation, sizeBytes])
}

export function seal(generation: number, end: number): Buffer {
  return block(sealMagic, [generation, end])
}

/** `null`: never made ready, or damaged. */
export function readSegmentHeader(first: Buffer): SegmentHeader | null {
  const fields = readBlock(first, 0, headerMagic, 3)
  return fields && { number: fields[0] as number, generation: fields[1] as number, sizeBytes: fields[2] as number }
}

/** Where the records of `generation` end, or `null` when it has no seal. */
export function readSeal(first: Buffer, generation: number): number | null {
  const fields = readBlock(first, sealAt, sealMagic, 2)
  return fields !== null && fields[0] === generation ? (fields[1] as number) : null
}

function block(magic: Buffer, fields: readonly number[]): Buffer {
  const buffer = Buffer.alloc(magic.length + fields.length * 4 + 4)
  magic.copy(buffer)
  for (const [i, field] of fields.entries()) buffer.writeUInt32LE(field, magic.length + i * 4)
  buffer.writeUInt32LE(crc32(buffer.subarray(0, -4)), buffer.length - 4)
  return buffer
}

function readBlock(source: Buffer, at: number, magic: Buffer, count: number): readonly number[] | null {
  const end = at + magic.length + count * 4
  if (source.length < end + 4 || magic.compare(source, at, at + magic.length) !== 0) return null
  if (source.readUInt32LE(end) !== crc32(source.subarray(at, end))) return null
  return Array.from({ length: count }, (_, i) => source.readUInt32LE(at + magic.length + i * 4))
}
