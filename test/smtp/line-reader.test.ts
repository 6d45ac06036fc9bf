import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maxLine, parseCommand } from '../../src/smtp/command.ts'
import { LineReader } from '../../src/smtp/line-reader.ts'

type Line = { line: string; fault: string | null; bytes: number }

function read(chunks: readonly Buffer[]): Line[] {
  const reader = new LineReader()
  const lines: Line[] = []
  for (const chunk of chunks) {
    for (let at = reader.read(chunk, 0); at >= 0; at = reader.read(chunk, at)) {
      lines.push({ line: reader.line, fault: reader.fault, bytes: reader.bytes })
    }
  }
  return lines
}

/** The rule, slow and obvious. */
function obvious(wire: Buffer): Line[] {
  const pieces = wire.toString('latin1').split(/(?<=\n)/)
  const lines: Line[] = []
  for (const piece of pieces) {
    if (!piece.endsWith('\n')) continue
    const bytes = piece.length
    // White space at the end of a line is tolerated (RFC 5321 §4.1.1): tabs there are blanks.
    const text = piece.slice(0, -2).replace(/[ \t]+$/, (white) => ' '.repeat(white.length))
    const utf8 = Buffer.from(text, 'latin1')
    const decoded = utf8.toString('utf8')
    let fault: string | null = null
    if (!piece.endsWith('\r\n')) fault = 'bare LF'
    else if (bytes > 2048) fault = 'too long'
    else if (/[\x00-\x1f\x7f]/.test(text)) fault = 'control'
    else if (!Buffer.from(decoded).equals(utf8)) fault = 'not UTF-8'
    lines.push({ line: fault === null ? decoded : '', fault, bytes })
  }
  return lines
}

describe('command lines', () => {
  test('are cut as by the slow rule, in any segments', () => {
    const text = fc
      .array(fc.constantFrom('\r\n', '\n', '\r', 'NOOP', 'é', '\xe9', '\0', '\t', ' ', 'x'.repeat(700), '用'), {
        maxLength: 20,
      })
      .map((parts) => Buffer.concat(parts.map((part) => (part === '\xe9' ? Buffer.from([0xe9]) : Buffer.from(part)))))
    fc.assert(
      fc.property(text, fc.array(fc.integer({ min: 1, max: 5 })), (wire, lengths) => {
        const chunks: Buffer[] = []
        let at = 0
        for (const length of lengths) {
          chunks.push(wire.subarray(at, at + length))
          at += length
        }
        chunks.push(wire.subarray(at))
        expect(read(chunks)).toEqual(obvious(wire))
      }),
      { numRuns: 5000 },
    )
  })

  test('do not keep the chunk alive that they came in, nor what is too long', () => {
    const reader = new LineReader()
    const big = Buffer.alloc(1_000_000, 'x')
    expect(reader.read(big, 0)).toBe(-1)
    expect(reader.read(big, 999_990)).toBe(-1)
    expect(reader.idle).toBe(false)
    expect(reader.read(Buffer.from('\r\nNOOP\r\n'), 0)).toBe(2)
    expect(reader.fault).toBe('too long')
    expect(reader.idle).toBe(true)
  })
})

const commands: [line: string, verb: string, argument: string][] = [
  ['NOOP', 'NOOP', ''],
  ['noop', 'NOOP', ''],
  ['NOOP ', 'NOOP', ''],
  ['MAIL FROM:<a@b>', 'MAIL', 'FROM:<a@b>'],
  ['mail from:<A@b>  ', 'MAIL', 'from:<A@b>'],
  ['', '', ''],
  [' NOOP', '', 'NOOP'],
  ['HELP  me', 'HELP', ' me'],
]
for (const [line, verb, argument] of commands) {
  test(`the command of ${JSON.stringify(line)}`, () => expect(parseCommand(line)).toEqual({ verb, argument }))
}

test('blanks in the middle of the longest line cost nothing: a stranger may send as many of them as it likes', () => {
  const line = `AUTH${' '.repeat(12_200)}x `
  const begun = performance.now()
  for (let i = 0; i < 50; i++) expect(parseCommand(line).argument).toHaveLength(12_200)
  // A regular expression that looks for blanks at the end tries each of them: 300 ms a line.
  expect(performance.now() - begun).toBeLessThan(2000)
})

test('MAIL and RCPT have more room than other commands', () => {
  expect(maxLine('NOOP')).toBe(512)
  expect(maxLine('MAIL')).toBe(2048)
  expect(maxLine('RCPT')).toBe(2048)
})
