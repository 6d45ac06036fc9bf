import { crc32 } from 'node:zlib'

/**
 * Marks tell what became of the messages of a segment. They stand in the segment's companion, one behind the other:
 *
 *      0  CRC of the rest            12  sequence of the message's record (6 octets)
 *      4  length of the text         18  kind: 1 done, 2 states, 3 gone
 *      8  generation                 20  text (JSON of states)
 *
 * done: no recipient needs anything more. states: those named are now so. gone: the message was moved to another
 * segment. The first one that is not intact, or of another generation, is where they end.
 */
export type Mark = { readonly sequence: number; readonly kind: MarkKind; readonly text: string }
export type MarkKind = 'done' | 'states' | 'gone'

export const markHeaderBytes = 20
const kinds = ['done', 'states', 'gone'] as const

/** Writes the mark at `at` and gives the position behind it. There must be room: `markBytes`. */
export function putMark(target: Buffer, at: number, generation: number, mark: Mark): number {
  const textBytes = mark.text === '' ? 0 : target.write(mark.text, at + markHeaderBytes)
  const end = at + markHeaderBytes + textBytes
  target.writeUInt32LE(textBytes, at + 4)
  target.writeUInt32LE(generation, at + 8)
  target.writeUIntLE(mark.sequence, at + 12, 6)
  target.writeUInt16LE(kinds.indexOf(mark.kind) + 1, at + 18)
  target.writeUInt32LE(crc32(target.subarray(at + 4, end)), at)
  return end
}

export const markBytes = (mark: Mark): number => markHeaderBytes + Buffer.byteLength(mark.text)

/** The texts of the marks of one message in their order, and where the first mark begins that is not whole in `source`. */
export function findMarks(
  source: Buffer,
  generation: number,
  sequence: number,
): { texts: readonly string[]; end: number } {
  const texts: string[] = []
  let at = 0
  while (at + markHeaderBytes <= source.length) {
    const end = at + markHeaderBytes + source.readUInt32LE(at + 4)
    if (end > source.length || source.readUInt32LE(at + 8) !== generation) break
    if (source.readUIntLE(at + 12, 6) === sequence) {
      if (source.readUInt32LE(at) !== crc32(source.subarray(at + 4, end))) break
      if (kinds[source.readUInt16LE(at + 18) - 1] === 'states') {
        texts.push(source.toString('utf8', at + markHeaderBytes, end))
      }
    }
    at = end
  }
  return { texts, end: at }
}

/** The marks of a companion in their order, and where the next one goes. */
export function readMarks(source: Buffer, generation: number): { marks: readonly Mark[]; end: number } {
  const marks: Mark[] = []
  let at = 0
  while (at + markHeaderBytes <= source.length) {
    const end = at + markHeaderBytes + source.readUInt32LE(at + 4)
    if (end > source.length || source.readUInt32LE(at + 8) !== generation) break
    const kind = kinds[source.readUInt16LE(at + 18) - 1]
    if (kind === undefined || source.readUInt32LE(at) !== crc32(source.subarray(at + 4, end))) break
    marks.push({
      sequence: source.readUIntLE(at + 12, 6),
      kind,
      text: source.toString('utf8', at + markHeaderBytes, end),
    })
    at = end
  }
  return { marks, end: at }
}
