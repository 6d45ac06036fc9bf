import { isAscii } from 'node:buffer'
import { type DataFault, faultOf, nextOdd, oddAt } from './scan.ts'

const LF = 10
const CR = 13
const DOT = 46

const nothing = Buffer.alloc(0)
const crlf = Buffer.from('\r\n')

/**
 * Turns the counted octets of BDAT (RFC 3030 §2) into the one form in which messages are stored: dot-stuffed lines. The
 * end is where the count says, so nothing in a chunk can end the data; but the next hop may get the message by DATA, so
 * the same lines are refused as there.
 *
 * line   at the beginning of a line
 * text   inside a line
 * cr     after a CR that may begin CRLF, which may be in the next chunk
 */
export class ChunkReader {
  /** Who counts octets knows how lines end. */
  readonly lfPasses = false
  fault: DataFault | null = null
  eightBit = false
  dotLines = 0
  sizeBytes = 0
  get storedBytes(): number {
    return this.sizeBytes + this.dotLines
  }
  private state: 'line' | 'text' | 'cr' = 'line'

  /** What to store for this piece of a chunk: itself, or a copy with dots stuffed. */
  read(piece: Buffer): Buffer {
    if (piece.length === 0) return piece
    this.sizeBytes += piece.length
    if (!this.eightBit) this.eightBit = !isAscii(piece)
    const dots = this.scan(piece)
    if (dots === null) return piece
    this.dotLines += dots.length
    return stuff(piece, dots)
  }

  /** What to store after the last chunk: a CRLF when the last line has none, as a stored line always ends. */
  end(): Buffer {
    if (this.state === 'line') return nothing
    if (this.state === 'cr') this.fault ??= 'bare CR'
    this.sizeBytes += 2
    return crlf
  }

  /** Where lines begin with a dot. */
  private scan(piece: Buffer): number[] | null {
    const length = piece.length
    let dots: number[] | null = null
    let at = 0
    if (this.state === 'cr') {
      if (piece[0] === LF) {
        this.state = 'line'
        at = 1
      } else {
        this.fault ??= 'bare CR'
        this.state = 'text'
      }
    }
    while (at < length) {
      if (this.state === 'line') {
        this.state = 'text'
        if (piece[at] === DOT) {
          if (dots === null) dots = [at]
          else dots.push(at)
        }
      }
      const wrong = faultOf(piece[at] as number)
      if (wrong !== null) {
        this.fault ??= wrong
        at++
        continue
      }
      at = nextOdd(piece, at + 1)
      if (at === length) this.state = endsIn(piece[at - 1] as number)
      else {
        const odd = oddAt(piece, at)
        if (odd === 'dot') this.state = 'line'
        else this.fault ??= odd
      }
    }
    return dots
  }
}

function stuff(piece: Buffer, dots: readonly number[]): Buffer {
  const stuffed = Buffer.allocUnsafe(piece.length + dots.length)
  let from = 0
  let to = 0
  for (const at of dots) {
    to += piece.copy(stuffed, to, from, at)
    stuffed[to++] = DOT
    from = at
  }
  piece.copy(stuffed, to, from)
  return stuffed
}

const endsIn = (octet: number): 'line' | 'text' | 'cr' => (octet === CR ? 'cr' : octet === LF ? 'line' : 'text')
