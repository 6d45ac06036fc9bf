import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ChunkReader } from '../../src/smtp/chunk-reader.ts'
import { DataReader } from '../../src/smtp/data-reader.ts'

type Read = {
  content: string
  after: string | null
  fault: boolean
  eightBit: boolean
  dotLines: number
  sizeBytes: number
}

function read(chunks: readonly Buffer[]): Read {
  const reader = new DataReader()
  const pieces: Buffer[] = []
  let after: Buffer[] | null = null
  for (const chunk of chunks) {
    if (after !== null) {
      after.push(chunk)
      continue
    }
    const next = reader.read(chunk, 0)
    if (reader.held !== null) pieces.push(reader.held)
    pieces.push(chunk.subarray(0, reader.stop))
    if (next >= 0) after = [chunk.subarray(next)]
  }
  const content = Buffer.concat(pieces)
  expect(reader.storedBytes).toBe(content.length)
  return {
    content: content.toString('latin1'),
    after: after === null ? null : Buffer.concat(after).toString('latin1'),
    fault: reader.fault !== null,
    eightBit: reader.eightBit,
    dotLines: reader.dotLines,
    sizeBytes: reader.sizeBytes,
  }
}

/** The rule, slow and obvious: the end is the first CRLF.CRLF, where the DATA command's own CRLF may be the first. */
function obvious(wire: string): Read {
  const whole = `\r\n${wire}`
  const end = whole.indexOf('\r\n.\r\n')
  const content = end < 0 ? wire : end === 0 ? '' : whole.slice(2, end + 2)
  const lines = content.split('\r\n')
  const dotLines = lines.filter((line) => line.startsWith('.')).length
  return {
    content,
    after: end < 0 ? null : whole.slice(end + 5),
    fault: lines.some((line) => /[\r\n\0]/.test(line)),
    eightBit: /[\x80-\xff]/.test(content),
    dotLines,
    sizeBytes: content.length - dotLines,
  }
}

const segments = (wire: Buffer, lengths: readonly number[]): Buffer[] => {
  const chunks: Buffer[] = []
  let at = 0
  for (const length of lengths) {
    if (at >= wire.length) break
    chunks.push(wire.subarray(at, at + length))
    at += length
  }
  if (at < wire.length) chunks.push(wire.subarray(at))
  return chunks
}

// Octets that mean something, and nothing much else, so that every boundary is met.
const hostile = fc
  .array(fc.constantFrom('\r', '\n', '.', '\r\n', '\r\n.', '.\r\n', '\0', 'a', '\xe9', '\r\n.\r\n', 'text'), {
    maxLength: 25,
  })
  .map((parts) => parts.join(''))

describe('the end of the data', () => {
  const faulty = [
    '\n.\n',
    '\n.\r\n',
    '\r.\r',
    '\r.\r\n',
    '\r\n.\n',
    '\r\n.\r',
    '\r\n\0.\r\n',
    '\r\n.\0\r\n',
    '\r\n\x85.\r\n',
    '\r\r\n.\n',
    '\n\n.\r\n',
    '\r\n.\r\r\n',
    '\n\r.\r\n',
    '\r\n..\r\n',
    '\r\n. \r\n',
  ]
  for (const form of faulty) {
    test(`is not ${JSON.stringify(form)}, in any two segments`, () => {
      const wire = Buffer.from(`Subject: a${form}MAIL FROM:<b@example.org>\r\nrest\r\n.\r\nQUIT\r\n`, 'latin1')
      for (let cut = 0; cut <= wire.length; cut++) {
        const got = read([wire.subarray(0, cut), wire.subarray(cut)])
        expect(got.content.endsWith('rest\r\n')).toBe(true)
        expect(got.after).toBe('QUIT\r\n')
        expect(got).toEqual(obvious(wire.toString('latin1')))
      }
    })
  }

  test('is CRLF.CRLF wherever it is cut', () => {
    const wire = Buffer.from('a\r\n..b\r\n.\r\nNOOP\r\n')
    for (let a = 0; a <= wire.length; a++) {
      for (let b = a; b <= wire.length; b++) {
        const got = read([wire.subarray(0, a), wire.subarray(a, b), wire.subarray(b)])
        expect(got).toEqual({
          content: 'a\r\n..b\r\n',
          after: 'NOOP\r\n',
          fault: false,
          eightBit: false,
          dotLines: 1,
          sizeBytes: 7,
        })
      }
    }
  })

  test('may come at once: the message is empty', () => {
    expect(read([Buffer.from('.\r\n')])).toMatchObject({ content: '', after: '', sizeBytes: 0 })
  })

  test('is found as by the slow rule in any data and any segments', () => {
    fc.assert(
      fc.property(hostile, fc.array(fc.integer({ min: 1, max: 4 })), (text, lengths) => {
        const wire = Buffer.from(text, 'latin1')
        const want = obvious(text)
        if (want.after === null) {
          // What may still be the end is held back: only finished data can be compared.
          const ended = Buffer.from(`${text}x\r\n.\r\n`, 'latin1')
          expect(read(segments(ended, lengths))).toEqual(obvious(ended.toString('latin1')))
        } else expect(read(segments(wire, lengths))).toEqual(want)
      }),
      { numRuns: 20_000 },
    )
  })
})

describe('the octets of BDAT', () => {
  /** The rule, slow and obvious: lines are stuffed, the last one is ended. */
  function stuffed(text: string): { content: string; fault: boolean } {
    const lines = text.split('\r\n')
    const ended = lines.at(-1) === '' ? text : `${text}\r\n`
    return { content: ended.replace(/(^|\r\n)\./g, '$1..'), fault: lines.some((line) => /[\r\n\0]/.test(line)) }
  }

  test('are stored as DATA would have stored them, in any segments', () => {
    fc.assert(
      fc.property(hostile, fc.array(fc.integer({ min: 1, max: 4 })), (text, lengths) => {
        const wire = Buffer.from(text, 'latin1')
        const reader = new ChunkReader()
        const pieces = segments(wire, lengths).map((piece) => reader.read(piece))
        pieces.push(reader.end())
        const content = Buffer.concat(pieces).toString('latin1')
        const want = stuffed(text)
        expect(content).toBe(want.content)
        expect(reader.fault !== null).toBe(want.fault)
        expect(reader.storedBytes).toBe(content.length)
        expect(reader.eightBit).toBe(/[\x80-\xff]/.test(text))
        expect(reader.dotLines).toBe(content.split('\r\n').filter((line) => line.startsWith('.')).length)
      }),
      { numRuns: 20_000 },
    )
  })

  test('are not copied when no line begins with a dot', () => {
    const piece = Buffer.from('Subject: a\r\n\r\nno dot here.\r\n')
    expect(new ChunkReader().read(piece)).toBe(piece)
  })
})
