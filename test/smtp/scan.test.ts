import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ChunkReader } from '../../src/smtp/chunk-reader.ts'
import { DataReader } from '../../src/smtp/data-reader.ts'
import { faultOf, nextOdd, oddAt, receiveMemory } from '../../src/smtp/scan.ts'

/** The rule, octet by octet. */
function obvious(chunk: Buffer, from: number): number {
  for (let at = from; at < chunk.length; at++) {
    const [before, octet] = [chunk[at - 1], chunk[at]]
    if ((octet === 10) !== (before === 13) || octet === 0 || (octet === 46 && before === 10)) return at
  }
  return chunk.length
}

/** Octets as a message has them, with now and then one that it should not have. */
const octets = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom('a line of ordinary text\r\n', 'x'.repeat(70), '\r\n', 'é', '..') },
      { weight: 1, arbitrary: fc.constantFrom('\r', '\n', '\0', '.', '\r\n.', '\r\n.\r\n', '\n.\n', '\r\r\n') },
    ),
    { minLength: 1, maxLength: 60 },
  )
  .map((pieces) => Buffer.from(pieces.join(''), 'utf8'))

/** The same octets in the memory that sockets read into, somewhere. */
function received(chunk: Buffer, offset: number): Buffer {
  receiveMemory.fill('\r\n.', 'latin1')
  receiveMemory.set(chunk, offset)
  return receiveMemory.subarray(offset, offset + chunk.length)
}

describe('scan', () => {
  test('the module is what its text says', async () => {
    const { scanModule: assembled } = await import(new URL('../../scripts/scan-module.js', import.meta.url).href)
    expect(readFileSync('src/smtp/scan-module.ts', 'utf8'), 'run npm run schema').toBe(await assembled())
  })

  test('finds the first odd octet, wherever the chunk lies and wherever the search begins', () => {
    fc.assert(
      fc.property(octets, fc.nat({ max: 70 }), fc.nat(), (chunk, offset, start) => {
        const from = 1 + (start % chunk.length)
        const expected = obvious(chunk, from)
        expect(nextOdd(chunk, from)).toBe(expected)
        expect(nextOdd(received(chunk, offset), from)).toBe(expected)
      }),
      { numRuns: 3000 },
    )
  })

  test('finds what is far away in a chunk that is larger than the memory it is copied to', () => {
    const chunk = Buffer.alloc(300_000, 'x')
    expect(nextOdd(chunk, 1)).toBe(chunk.length)
    for (const at of [1, 256, 257, 1281, 65_535, 65_536, 131_072, 299_999]) {
      chunk[at] = 10
      expect(nextOdd(chunk, 1)).toBe(at)
      expect(oddAt(chunk, at)).toBe('bare LF')
      chunk[at] = 120
    }
  })

  test('says what is odd about each', () => {
    expect(oddAt(Buffer.from('\r\n.'), 2)).toBe('dot')
    expect(oddAt(Buffer.from('x\n'), 1)).toBe('bare LF')
    expect(oddAt(Buffer.from('\rx'), 1)).toBe('bare CR')
    expect(oddAt(Buffer.from('\r.'), 1)).toBe('bare CR')
    expect(oddAt(Buffer.from('x\0'), 1)).toBe('NUL')
    expect([10, 0, 13, 46, 120].map(faultOf)).toEqual(['bare LF', 'NUL', null, null, null])
  })

  test('a reader finds the same in the memory that sockets read into as in any other', () => {
    const facts = ({ fault, eightBit, dotLines, sizeBytes }: DataReader | ChunkReader) => ({
      fault,
      eightBit,
      dotLines,
      sizeBytes,
    })
    fc.assert(
      fc.property(octets, fc.nat({ max: 70 }), (chunk, offset) => {
        const [data, there] = [new DataReader(), new DataReader()]
        expect(there.read(received(chunk, offset), 0)).toBe(data.read(chunk, 0))
        expect(facts(there)).toEqual(facts(data))
        const [counted, elsewhere] = [new ChunkReader(), new ChunkReader()]
        expect(elsewhere.read(received(chunk, offset)).toString('latin1')).toBe(counted.read(chunk).toString('latin1'))
        expect(facts(elsewhere)).toEqual(facts(counted))
      }),
      { numRuns: 1000 },
    )
  })
})
