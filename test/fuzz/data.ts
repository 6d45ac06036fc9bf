import assert from 'node:assert/strict'
import { ChunkReader } from '../../src/smtp/chunk-reader.ts'
import { DataReader } from '../../src/smtp/data-reader.ts'
import { type FuzzTarget, type Random, segments } from './target.ts'

/** What follows 354 and BDAT, against the rule in its slow and obvious form. */
export const target: FuzzTarget = {
  seeds: [
    'Subject: x\r\n\r\ntext\r\n.\r\n',
    '..\r\n...\r\n.\r\nQUIT\r\n',
    'x\n.\n',
    'x\r.\r',
    'x\r\n.\n',
    'x\n.\r\n',
    'x\r\n\0.\r\n',
    '.\r\r\n.\r\n',
    '\r\n.\r\n',
    '.',
    'é\r\n.\r\n',
  ].map((text) => Buffer.from(text, 'utf8')),
  words: ['\r\n.\r\n', '\n.\n', '\r.\r', '.\r', '.\n', '\r\n.', '..', '\0', '\r\r\n', 'MAIL FROM:<a@b>\r\n'],
  once(input, random) {
    checkData(input, random)
    checkChunks(input, random)
  },
}

function checkData(input: Buffer, random: Random): void {
  const whole = `\r\n${input.toString('latin1')}`
  const end = whole.indexOf('\r\n.\r\n')
  const content = whole.slice(2, end < 0 ? undefined : Math.max(2, end + 2))

  const reader = new DataReader()
  const stored: Buffer[] = []
  let rest: Buffer[] | null = null
  for (const segment of segments(input, random)) {
    if (rest !== null) {
      rest.push(segment)
      continue
    }
    const next = reader.read(segment, 0)
    if (reader.held !== null) stored.push(Buffer.from(reader.held))
    stored.push(Buffer.from(segment.subarray(0, reader.stop)))
    if (next >= 0) rest = [segment.subarray(next)]
  }
  assert.equal(rest !== null, end >= 0, 'where the data end')
  const got = Buffer.concat(stored).toString('latin1')
  if (rest === null) {
    // Octets that may be the end are held back.
    assert.ok(content.startsWith(got) && ['', '.', '.\r'].includes(content.slice(got.length)), 'content so far')
    return
  }
  assert.equal(got, content, 'content')
  assert.equal(Buffer.concat(rest).toString('latin1'), whole.slice(end + 5), 'what follows the end')
  const lines = content.split('\r\n')
  const dots = lines.filter((line) => line.startsWith('.')).length
  assert.equal(reader.fault !== null, /[\r\n\0]/.test(lines.join('')), 'fault')
  assert.equal(reader.dotLines, dots, 'lines that begin with a dot')
  assert.equal(reader.sizeBytes, content.length - dots, 'size')
  assert.equal(reader.eightBit, /[\x80-\xff]/.test(content), 'octets above 127')
}

/** Whatever came by BDAT, the dot-stuffed form of it ends nowhere but at its end when a next hop reads it as data. */
function checkChunks(input: Buffer, random: Random): void {
  const reader = new ChunkReader()
  const stored: Buffer[] = segments(input, random).map((segment) => Buffer.from(reader.read(segment)))
  stored.push(reader.end())
  const content = Buffer.concat(stored).toString('latin1')
  const text = input.toString('latin1')
  const lines = (text === '' || text.endsWith('\r\n') ? text : `${text}\r\n`).split('\r\n')
  assert.equal(content, lines.map((line) => (line.startsWith('.') ? `.${line}` : line)).join('\r\n'), 'stored')
  assert.equal(reader.fault !== null, /[\r\n\0]/.test(lines.join('')), 'fault of chunks')
  if (reader.fault !== null) return
  const next = new DataReader()
  const octets = Buffer.from(`${content}.\r\nNOOP\r\n`, 'latin1')
  assert.equal(next.read(octets, 0), content.length + 3, 'the end that a next hop sees')
  assert.equal(next.fault, null)
  assert.equal(next.sizeBytes, reader.sizeBytes)
}
