import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DataReader } from '../../src/smtp/data-reader.ts'
import { LineMender } from '../../src/smtp/line-mender.ts'

type Mended = { stored: string; refused: boolean; sizeBytes: number; dots: number; rest: string | null }

/** What a session does with content where bare LF is let pass. */
function mend(chunks: readonly Buffer[]): Mended {
  const reader = new DataReader(true)
  const mender = new LineMender()
  let stored = ''
  for (const [i, chunk] of chunks.entries()) {
    const next = reader.read(chunk, 0)
    if (reader.held !== null) stored += mender.mend(reader.held, reader.bareLf).toString('latin1')
    stored += mender.mend(chunk.subarray(0, reader.stop), reader.bareLf).toString('latin1')
    if (next >= 0) {
      const rest = Buffer.concat([chunk.subarray(next), ...chunks.slice(i + 1)]).toString('latin1')
      return result(rest)
    }
  }
  return result(null)

  function result(rest: string | null): Mended {
    const refused = reader.fault !== null || mender.loneDot
    const sizeBytes = reader.sizeBytes + mender.addedBytes
    return { stored, refused, sizeBytes, dots: reader.dotLines + mender.dotLines, rest }
  }
}

/** The rule, slow and obvious. */
function obvious(wire: string): { content: string; refused: boolean; rest: string | null } {
  const end = `\r\n${wire}`.indexOf('\r\n.\r\n')
  const data = end < 0 ? wire : wire.slice(0, end)
  const rest = end < 0 ? null : wire.slice(end + '.\r\n'.length)
  const content = `\r\n${data}`
    .replace(/\r\n\./g, '\r\n')
    .slice(2)
    .replace(/\r?\n/g, '\r\n')
  const lone = /(?:^|\n)\.\n/.test(data) || /(?<!\r)\n\.\r?\n/.test(data)
  return { content, refused: lone || /\r(?!\n)|\0/.test(data), rest }
}

const pieces = fc.array(fc.constantFrom('\r\n', '\n', '.', 'a', 'bc', '\r\n.\r\n', '\n.', '\r', '\0'), {
  maxLength: 14,
})
const cuts = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 12 })

function cut(wire: string, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  let at = 0
  for (const length of [...lengths, wire.length]) {
    if (at >= wire.length) break
    chunks.push(Buffer.from(wire.slice(at, at + length), 'latin1'))
    at += length
  }
  return chunks
}

describe('lines that end in LF alone', () => {
  test('are mended as by the slow rule, in any segments, and no end of data ever comes of them', () => {
    fc.assert(
      fc.property(pieces, cuts, (parts, lengths) => {
        const wire = `${parts.join('')}\r\n.\r\n`
        const { stored, refused, sizeBytes, dots, rest } = mend(cut(wire, lengths))
        const wanted = obvious(wire)
        expect(rest).toBe(wanted.rest)
        expect(refused).toBe(wanted.refused)
        if (refused) return
        expect(`\r\n${stored}`.replace(/\r\n\./g, '\r\n').slice(2)).toBe(wanted.content)
        expect(`\r\n${stored}`).not.toContain('\r\n.\r\n')
        expect(stored).not.toMatch(/\r(?!\n)|(?<!\r)\n/)
        expect(sizeBytes).toBe(wanted.content.length)
        expect(dots).toBe(`\r\n${stored}`.split('\r\n.').length - 1)
      }),
      { numRuns: 5000 },
    )
  })

  test('content with CRLF alone is given back as it is, uncopied', () => {
    const mender = new LineMender()
    const piece = Buffer.from('a\r\nb\r\n')
    expect(mender.mend(piece, false)).toBe(piece)
    expect(mender.mend(piece, true)).toBe(piece)
  })
})
