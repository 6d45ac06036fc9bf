import { readFileSync } from 'node:fs'
import { dateTime } from '../../message/date.ts'

/** As it goes over the wire: CRLF line ends, dots stuffed, without the final dot. */
export type ProbeMessage = {
  readonly content: Buffer
  /** Octets before dot-stuffing, as SIZE counts them (RFC 1870 §5). */
  readonly sizeBytes: number
  readonly eightBit: boolean
}

const CR = 13
const LF = 10
const DOT = 46

export type OwnMessage = {
  readonly sizeBytes: number | null
  readonly from: string
  readonly to: readonly string[]
  readonly hostname: string
  readonly now: number
  /** Of the Message-ID. */
  readonly id: string
}

/** Of a file; `-` is standard input. Throws what the system says. */
export const messageOfFile = (file: string): ProbeMessage => stuffed(withCrlf(readFileSync(file === '-' ? 0 : file)))

/** One of our own, as long as is asked for. */
export function ownMessage({ sizeBytes, from, to, hostname, now, id }: OwnMessage): ProbeMessage {
  const lines = [
    `Date: ${dateTime(now)}`,
    `From: <${from === '' ? `postmaster@${hostname}` : from}>`,
    `To: ${to.map((one) => `<${one}>`).join(', ')}`,
    `Message-ID: <${id}@${hostname}>`,
    'Subject: mailgw probe',
    // RFC 3834 §5: nobody is to answer it by itself.
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    'This is a test message of mailgw probe smtp.',
    '',
  ]
  const head = Buffer.from(lines.join('\r\n'), 'utf8')
  const missing = (sizeBytes ?? 0) - head.length
  return stuffed(missing <= 0 ? head : Buffer.concat([head, filler(missing)]))
}

/** Lines of 78 characters, `octets` of them with their line ends. */
function filler(octets: number): Buffer {
  const text = Buffer.alloc(octets, 'x')
  for (let at = 78; at + 1 < octets; at += 80) text.write('\r\n', at, 'latin1')
  // It ends with a line end, as a message does.
  if (octets >= 2) text.write('\r\n', octets - 2, 'latin1')
  // Two line ends that overlap would leave half of one.
  if (octets >= 3 && text[octets - 3] === CR) text[octets - 3] = 120
  return text
}

/** Files of this machine end their lines with LF; a bare CR or LF on the wire would be a protocol error (RFC 5321 §2.3.8). */
function withCrlf(raw: Buffer): Buffer {
  const text = raw.toString('latin1').replace(/\r\n|\r|\n/g, '\r\n')
  return Buffer.from(text.endsWith('\r\n') || text === '' ? text : `${text}\r\n`, 'latin1')
}

function stuffed(plain: Buffer): ProbeMessage {
  let dots = 0
  let eightBit = false
  const starts = (at: number) => at === 0 || (plain[at - 1] === LF && plain[at - 2] === CR)
  for (let at = 0; at < plain.length; at++) {
    if (plain[at]! > 127) eightBit = true
    if (plain[at] === DOT && starts(at)) dots++
  }
  if (dots === 0) return { content: plain, sizeBytes: plain.length, eightBit }
  const content = Buffer.allocUnsafe(plain.length + dots)
  let to = 0
  for (let at = 0; at < plain.length; at++) {
    if (plain[at] === DOT && starts(at)) content[to++] = DOT
    content[to++] = plain[at]!
  }
  return { content, sizeBytes: plain.length, eightBit }
}
