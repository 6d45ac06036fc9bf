import { isAscii } from 'node:buffer'
import { type DataFault, faultOf, nextOdd, oddAt } from './scan.ts'

const LF = 10
const CR = 13
const DOT = 46

/** Octets held back at the end of a chunk that turned out to be content. Shared: nobody may change them. */
const dot = Buffer.from('.')
const dotCr = Buffer.from('.\r')

/**
 * line    at the beginning of a line: after CRLF, and at the beginning of the data
 * text    inside a line
 * cr      after a CR that may begin CRLF
 * dot     after a dot at the beginning of a line: held back, as it may be the end
 * dotCr   after dot and CR at the beginning of a line: held back too
 * end     after CRLF.CRLF
 */
type State = 'line' | 'text' | 'cr' | 'dot' | 'dotCr' | 'end'

/**
 * Finds the end of the data that follow 354 (RFC 5321 §4.5.2), whatever the segments: CRLF.CRLF and nothing else. LF.LF,
 * CR.CR, CRLF.LF and their like are content of a message that is faulty (CVE-2023-51764 to 51766: who ends a message at
 * one of them lets its sender smuggle a second one). The content stays as it came, dot-stuffed, and is not copied.
 *
 * Where LF is let pass, it is no fault alone, and CRLF.LF is one all the same: nobody writes that without meaning an end.
 */
export class DataReader {
  /** After `read`: octets to store before the piece, held back at the end of the chunk before; mostly `null`. */
  held: Buffer | null = null
  /** After `read`: where the piece of content in the chunk ends. It begins where `read` was told to begin. */
  stop = 0

  /** The first fault; the data are read to their end all the same. */
  fault: DataFault | null = null
  /** A bare LF has come, and was let pass: who stores the content mends it. */
  bareLf = false
  /** Some octet above 127. */
  eightBit = false
  /** Lines that begin with a dot, each with a stuffed dot before it. */
  dotLines = 0
  /** Octets of content so far, without the stuffed dots (RFC 1870 §5). */
  get sizeBytes(): number {
    return this.storedBytes - this.dotLines
  }
  /** Octets to store so far. */
  storedBytes = 0
  private state: State = 'line'
  readonly lfPasses: boolean

  constructor(lfPasses = false) {
    this.lfPasses = lfPasses
  }

  /** Reads on at `from`. Gives where the next command begins, or -1 when the data go on in the next chunk. */
  read(chunk: Buffer, from: number): number {
    const next = this.scan(chunk, from)
    const { held, stop } = this
    this.storedBytes += stop - from
    if (held !== null) this.storedBytes += held.length
    if (stop > from) {
      // Pieces that are the whole chunk need no view of their own.
      if (!this.eightBit) {
        this.eightBit = !isAscii(from === 0 && stop === chunk.length ? chunk : chunk.subarray(from, stop))
      }
    }
    return next
  }

  private scan(chunk: Buffer, from: number): number {
    const length = chunk.length
    this.held = null
    this.stop = from
    if (from >= length) return -1
    let at = this.resume(chunk, from)
    if (this.state === 'end') return at
    if (this.state === 'dotCr') return -1

    while (at < length) {
      if (this.state === 'line') {
        this.state = 'text'
        if (chunk[at] === DOT) {
          if (at + 1 === length) {
            this.state = 'dot'
            this.stop = at
            return -1
          }
          if (chunk[at + 1] === CR) {
            if (at + 2 === length) {
              this.state = 'dotCr'
              this.stop = at
              return -1
            }
            if (chunk[at + 2] === LF) {
              this.state = 'end'
              this.stop = at
              return at + 3
            }
          }
          if (chunk[at + 1] === LF) this.fault ??= 'bare LF'
          this.dotLines++
          at++
        }
      }
      const first = chunk[at] as number
      const wrong = faultOf(first)
      if (wrong !== null) {
        this.found(wrong)
        at++
        continue
      }
      at = nextOdd(chunk, at + 1)
      if (at === length) this.state = endsIn(chunk[at - 1] as number)
      else {
        const odd = oddAt(chunk, at)
        if (odd === 'dot') this.state = 'line'
        else this.found(odd)
      }
    }
    this.stop = length
    return -1
  }

  /** Decides what the last octets of the chunk before left open; gives where the rest of the chunk begins. */
  private resume(chunk: Buffer, at: number): number {
    if (this.state === 'dot') {
      if (chunk[at] === CR && at + 1 === chunk.length) {
        this.state = 'dotCr'
        return at + 1
      }
      if (chunk[at] === CR && chunk[at + 1] === LF) {
        this.state = 'end'
        return at + 2
      }
      if (chunk[at] === LF) this.fault ??= 'bare LF'
      this.contentDot(dot, 'text')
    } else if (this.state === 'dotCr') {
      if (chunk[at] === LF) {
        this.state = 'end'
        return at + 1
      }
      this.contentDot(dotCr, 'cr')
    }
    if (this.state === 'cr') {
      if (chunk[at] === LF) {
        this.state = 'line'
        return at + 1
      }
      this.fault ??= 'bare CR'
      this.state = 'text'
    }
    return at
  }

  private found(wrong: DataFault): void {
    if (wrong === 'bare LF' && this.lfPasses) this.bareLf = true
    else this.fault ??= wrong
  }

  private contentDot(held: Buffer, state: State): void {
    this.held = held
    this.dotLines++
    this.state = state
  }
}

/** The state after text that is in order and ends in this octet. */
const endsIn = (octet: number): State => (octet === CR ? 'cr' : octet === LF ? 'line' : 'text')
