const CR = 13
const LF = 10
const DOT = 46

/**
 * Turns a stored body into what a maildir holds: lines ended by LF alone, as the servers that read maildirs expect, and
 * the dot taken off that SMTP put before lines beginning with one (RFC 5321 §4.5.2). Works on pieces cut anywhere.
 */
export class PlainLines {
  private atLineStart = true
  private heldCr = false

  /** A new buffer; the piece is not kept. An empty piece says nothing of what comes next. */
  push(piece: Buffer): Buffer {
    if (piece.length === 0) return piece
    const out = Buffer.allocUnsafe(piece.length + 1)
    let to = 0
    let from = 0
    if (this.heldCr) {
      this.heldCr = false
      if (piece[0] !== LF) {
        out[to++] = CR
        this.atLineStart = false
      }
    }
    while (from < piece.length) {
      if (this.atLineStart && piece[from] === DOT) from++
      this.atLineStart = false
      let end = piece.indexOf(LF, from)
      const whole = end >= 0
      if (!whole) end = piece.length
      let stop = end
      if (stop > from && piece[stop - 1] === CR) {
        stop--
        // Its LF may be the first octet of the next piece.
        this.heldCr = !whole
      }
      to += piece.copy(out, to, from, stop)
      if (whole) {
        out[to++] = LF
        this.atLineStart = true
      }
      from = end + 1
    }
    return out.subarray(0, to)
  }

  /** What is left when nothing more comes. */
  end(): Buffer {
    return this.heldCr ? Buffer.from('\r') : Buffer.alloc(0)
  }
}
