const LF = 10
const CR = 13
const DOT = 46

const crlf = Buffer.from('\r\n')
const dot = Buffer.from('.')

/**
 * Makes CRLF of each bare LF in dot-stuffed content, for clients that are known and know no better. What begins with a dot
 * after one begins a line now, and gets its stuffed dot: CRLF.CRLF never comes of it, here or at the next hop. A dot alone
 * between such ends is told of: nobody writes LF.LF without meaning an end, or without trying who takes it for one.
 */
export class LineMender {
  /** Lines that got a dot here. */
  dotLines = 0
  /** Octets of content that came of it, without the stuffed dots. */
  addedBytes = 0
  /** A dot stood alone on a line that began with a bare LF. */
  loneDot = false
  private last = 0
  /** The piece before ended in a bare LF. */
  private atLine = false
  /** The piece before ended in a dot after one. */
  private atDot = false

  /** `any`: a bare LF came in this piece or before it. Else the piece is given back as it is. */
  mend(piece: Buffer, any: boolean): Buffer {
    if (piece.length === 0) return piece
    const mended = any ? this.lines(piece) : piece
    this.last = piece[piece.length - 1] as number
    return mended
  }

  private lines(piece: Buffer): Buffer {
    const parts: Buffer[] = []
    if (this.atDot) this.afterDot(piece[0])
    if (this.atLine && piece[0] === DOT) this.stuff(parts, piece[1])
    this.atLine = false
    let from = 0
    for (let at = piece.indexOf(LF); at >= 0; at = piece.indexOf(LF, at + 1)) {
      if ((at === 0 ? this.last : piece[at - 1]) === CR) continue
      parts.push(piece.subarray(from, at), crlf)
      this.addedBytes++
      from = at + 1
      if (from === piece.length) this.atLine = true
      else if (piece[from] === DOT) this.stuff(parts, piece[from + 1])
    }
    if (parts.length === 0) return piece
    parts.push(piece.subarray(from))
    return Buffer.concat(parts)
  }

  private stuff(parts: Buffer[], next: number | undefined): void {
    parts.push(dot)
    this.dotLines++
    this.afterDot(next)
  }

  private afterDot(next: number | undefined): void {
    this.atDot = next === undefined
    if (next === LF || next === CR) this.loneDot = true
  }
}
