import type { Reply } from '../mail/reply.ts'

/** What a client may be made to hold for one reply. RFC 5321 §4.5.3.1.5 says 512 octets a line; servers write more. */
export type ReplyLimits = { readonly maxLineBytes: number; readonly maxLines: number }

export const replyLimits: ReplyLimits = { maxLineBytes: 4096, maxLines: 128 }

/** `next` gives a reply code, or one of these. */
export const needMore = 0
export const malformed = -1

const CR = 13
const LF = 10
const SPACE = 32
const HYPHEN = 45
const noBytes = Buffer.alloc(0)

/**
 * Reads SMTP replies (RFC 5321 §4.2.1) out of the pieces in which they come:
 *
 *     reader.feed(chunk, length)
 *     for (let code = reader.next(); code > 0; code = reader.next()) ... reader.reply()
 *
 * A code costs no allocation; text is only made when `reply` is called, which is before the next `next` or `feed`.
 * The chunk may be overwritten after `next` said `needMore`. A bare LF ends a line too: no other reading of it is of use,
 * and no reply carries mail. After `malformed` the reader stays so: nothing can be believed any more.
 */
export class ReplyReader {
  /** Why the reply is malformed. */
  error = ''
  private readonly limits: ReplyLimits
  private chunk: Buffer = noBytes
  private at = 0
  private end = 0
  /** The beginning of a line whose end has not come yet. */
  private readonly held: Buffer
  private heldBytes = 0
  /** Code and lines of a reply whose last line has not come yet. */
  private openCode = 0
  private lines: string[] = []
  /** The last line of the reply that `next` gave: where its text is. */
  private code = 0
  private text: Buffer = noBytes
  private textFrom = 0
  private textTo = 0

  constructor(limits: ReplyLimits = replyLimits) {
    this.limits = limits
    this.held = Buffer.allocUnsafeSlow(limits.maxLineBytes)
  }

  /** Octets of the chunk that belong to no reply given so far, such as what was sent after the answer to STARTTLS. */
  get unread(): number {
    return this.end - this.at + this.heldBytes
  }

  /** True between the first and the last line of a reply, or inside of a line. */
  get inside(): boolean {
    return this.openCode !== 0 || this.unread > 0
  }

  feed(chunk: Buffer, length = chunk.length): void {
    this.chunk = chunk
    this.at = 0
    this.end = length
  }

  /** The code of the next reply that is complete; `needMore` (0) or `malformed` (-1). */
  next(): number {
    if (this.openCode === 0) this.lines.length = 0
    while (this.error === '') {
      const from = this.at
      let newline = from
      while (newline < this.end && this.chunk[newline] !== LF) newline++
      const whole = newline < this.end
      if (newline - from + this.heldBytes > this.limits.maxLineBytes) return this.fail('a reply line is too long')
      if (!whole || this.heldBytes > 0) {
        this.chunk.copy(this.held, this.heldBytes, from, newline)
        this.heldBytes += newline - from
      }
      this.at = whole ? newline + 1 : newline
      if (!whole) return needMore
      const code = this.heldBytes > 0 ? this.line(this.held, 0, this.heldBytes) : this.line(this.chunk, from, newline)
      this.heldBytes = 0
      if (code !== needMore) return code
    }
    return malformed
  }

  /** The reply whose code `next` gave. Control characters of the peer become `?`: the text goes into logs and mail. */
  reply(): Reply {
    const last = this.text.toString('utf8', this.textFrom, this.textTo)
    const status = statusOf(this.lines[0] ?? last, this.code)
    if (this.lines.length === 0) return { code: this.code, status, text: clean(last, status) }
    const lines = [...this.lines, last].map((line) => clean(line, status))
    return { code: this.code, status, text: lines.join('\n') }
  }

  /** One line without its LF: `needMore` when the reply goes on. */
  private line(bytes: Buffer, from: number, to: number): number {
    const end = to > from && bytes[to - 1] === CR ? to - 1 : to
    const code = codeAt(bytes, from, end)
    if (code === 0)
      return this.fail(`not a reply: ${JSON.stringify(bytes.toString('latin1', from, Math.min(end, from + 80)))}`)
    const separator = end > from + 3 ? bytes[from + 3] : SPACE
    if (separator !== SPACE && separator !== HYPHEN)
      return this.fail('a reply code is followed by neither space nor hyphen')
    // RFC 5321 §4.2.1: each line of a reply has the same code. Whoever mixes them means nothing that can be relied on.
    if (this.openCode !== 0 && this.openCode !== code)
      return this.fail(`one reply with two codes, ${this.openCode} and ${code}`)
    const textFrom = Math.min(from + 4, end)
    if (separator === HYPHEN) {
      if (this.lines.length + 1 >= this.limits.maxLines) return this.fail('a reply has too many lines')
      this.openCode = code
      this.lines.push(bytes.toString('utf8', textFrom, end))
      return needMore
    }
    this.openCode = 0
    this.code = code
    this.text = bytes
    this.textFrom = textFrom
    this.textTo = end
    return code
  }

  private fail(why: string): number {
    this.error = why
    return malformed
  }
}

/** 200 to 599 with a second digit of 0 to 5 (RFC 5321 §4.2), or 0. */
function codeAt(bytes: Buffer, from: number, end: number): number {
  if (end - from < 3) return 0
  const first = bytes[from]! - 48
  const second = bytes[from + 1]! - 48
  const third = bytes[from + 2]! - 48
  if (first < 2 || first > 5 || second < 0 || second > 5 || third < 0 || third > 9) return 0
  return first * 100 + second * 10 + third
}

const enhanced = /^([245]\.\d{1,3}\.\d{1,3})(?: |$)/

/** The enhanced status code (RFC 2034) that the text begins with, when its class is that of the code. */
function statusOf(line: string, code: number): string | null {
  const status = enhanced.exec(line)?.[1] ?? null
  return status !== null && status.charCodeAt(0) - 48 === Math.floor(code / 100) ? status : null
}

function clean(line: string, status: string | null): string {
  const printable = line.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, '?')
  if (status === null || !printable.startsWith(status)) return printable
  return printable.slice(status.length + 1)
}
