/** A line longer than this is handed on in pieces: no sender decides how much memory one takes. */
const maxPieceBytes = 4096

const lf = 10
const cr = 13

/** Takes a line or a piece of one, without its CRLF. `starts`: a line begins here. `ends`: CRLF follows. */
export type TakeLine = (piece: Buffer, starts: boolean, ends: boolean) => void

/**
 * Cuts octets into lines. Only CRLF ends one (RFC 5322 §2.1): a bare CR or LF is content. A piece is valid during the
 * call alone.
 */
export class LineCutter {
  private readonly take: TakeLine
  private carry: Buffer | null = null
  private starts = true

  constructor(take: TakeLine) {
    this.take = take
  }

  push(chunk: Buffer): void {
    const octets = this.carry === null ? chunk : Buffer.concat([this.carry, chunk])
    this.carry = null
    let from = 0
    for (let at = octets.indexOf(lf); at >= 0; at = octets.indexOf(lf, at + 1)) {
      if (at === from || octets[at - 1] !== cr) continue
      this.take(octets.subarray(from, at - 1), this.starts, true)
      this.starts = true
      from = at + 1
    }
    let rest = octets.subarray(from)
    if (rest.length > maxPieceBytes) {
      // A CR at the end may be half of a line end.
      const keep = rest.at(-1) === cr ? 1 : 0
      this.take(rest.subarray(0, rest.length - keep), this.starts, false)
      this.starts = false
      rest = rest.subarray(rest.length - keep)
    }
    if (rest.length > 0) this.carry = Buffer.from(rest)
  }

  /** What has no line end, if anything. */
  end(): void {
    if (this.carry !== null) this.take(this.carry, this.starts, false)
    this.carry = null
  }
}
