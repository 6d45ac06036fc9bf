import { isUtf8 } from 'node:buffer'
import { longestLine } from './command.ts'

const LF = 10
const CR = 13
const TAB = 9
const BLANK = 32

/**
 * bare LF     the line ended in LF alone. Where the next command begins is a matter of opinion then: read no further
 * too long    over `longest`, its octets are gone
 * control     a control character, a bare CR among them
 * not UTF-8   octets above 127 that are no UTF-8
 */
export type LineFault = 'bare LF' | 'too long' | 'control' | 'not UTF-8'

/**
 * Cuts command lines out of what comes, at CRLF. A line that is too long is dropped as it comes and reported once, at
 * its end: its rest is never taken for a command.
 */
export class LineReader {
  /** After `read` gave an index: the line without CRLF, or what is wrong with it. */
  line = ''
  fault: LineFault | null = null
  /** Octets of the line with its CRLF. */
  bytes = 0
  /** Octets that a line may have, its CRLF included. */
  longest: number = longestLine
  /** The beginning of a line whose end has not come. */
  private carry: Buffer | null = null
  /** Octets of the current line that came in earlier chunks. */
  private before = 0
  private endsInCr = false

  /** True between two lines. */
  get idle(): boolean {
    return this.before === 0
  }

  /** Reads one line from `from` on. Gives where the next begins, or -1 when the chunk holds no end of it. */
  read(chunk: Buffer, from: number): number {
    const end = chunk.indexOf(LF, from)
    if (end < 0) {
      this.keep(chunk, from)
      return -1
    }
    const cr = end > from ? chunk[end - 1] === CR : this.endsInCr
    this.bytes = this.before + end + 1 - from
    this.line = ''
    this.fault = cr ? null : 'bare LF'
    if (cr && this.bytes > this.longest) this.fault = 'too long'
    if (this.fault === null) {
      if (this.carry === null) this.take(chunk, from, end - 1)
      else {
        const whole = Buffer.concat([this.carry, chunk.subarray(from, end + 1)])
        this.take(whole, 0, whole.length - 2)
      }
    }
    this.carry = null
    this.before = 0
    this.endsInCr = false
    return end + 1
  }

  private take(bytes: Buffer, from: number, to: number): void {
    const text = bytes.toString('latin1', from, to)
    if (!/[^ -~]/.test(text)) {
      this.line = text
      return
    }
    // White space at the end is tolerated (RFC 5321 §4.1.1), and a tab is white space: it is read as a blank.
    const end = endOfText(bytes, from, to)
    if (/[\x00-\x1f\x7f]/.test(text.slice(0, end - from))) this.fault = 'control'
    else if (!isUtf8(bytes.subarray(from, end))) this.fault = 'not UTF-8'
    else this.line = bytes.toString('utf8', from, end) + ' '.repeat(to - end)
  }

  private keep(chunk: Buffer, from: number): void {
    const rest = chunk.length - from
    if (rest === 0) return
    this.before += rest
    this.endsInCr = chunk[chunk.length - 1] === CR
    if (this.before > this.longest) this.carry = null
    // A copy: the line must not keep the whole chunk alive.
    else if (this.carry === null) this.carry = Buffer.from(chunk.subarray(from))
    else this.carry = Buffer.concat([this.carry, chunk.subarray(from)])
  }
}

/** Where the blanks and tabs at the end begin. */
function endOfText(bytes: Buffer, from: number, to: number): number {
  let end = to
  while (end > from && (bytes[end - 1] === TAB || bytes[end - 1] === BLANK)) end--
  return end
}
