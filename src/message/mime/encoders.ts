/** Content in a transfer encoding, piece by piece. Neither ends with a line end of its own. */
export type Encoder = {
  /** A line end that is none of the content. */
  readonly lineEnd: Buffer
  encode(piece: Buffer): Buffer
  end(): Buffer
}

const cr = 13
const lf = 10
const tab = 9
const space = 32
const equals = 61
const dot = 46
const hex = Buffer.from('0123456789ABCDEF')

/** RFC 2045 §6.7: lines of at most 76 characters; CRLF is a line end, every other control is written out. */
export class QuotedPrintableEncoder implements Encoder {
  readonly lineEnd = Buffer.from('=\r\n')
  private used = 0
  /** White space or CR, whose form depends on what follows. */
  private pending = 0
  private out = Buffer.alloc(0)
  private length = 0

  encode(piece: Buffer): Buffer {
    // An octet becomes three, and a soft line end another three for some of them.
    this.out = Buffer.allocUnsafe((piece.length + 2) * 4)
    this.length = 0
    for (let at = 0; at < piece.length; at++) this.octet(piece[at]!)
    return this.out.subarray(0, this.length)
  }

  end(): Buffer {
    this.out = Buffer.allocUnsafe(16)
    this.length = 0
    if (this.pending !== 0) this.escaped(this.pending)
    this.pending = 0
    return this.out.subarray(0, this.length)
  }

  private octet(octet: number): void {
    const { pending } = this
    this.pending = 0
    if (pending === cr) {
      if (octet === lf) {
        this.hardLineEnd()
        return
      }
      this.escaped(cr)
    } else if (pending !== 0) {
      // At the end of a line white space would be lost on the way.
      if (octet === cr) this.escaped(pending)
      else this.plain(pending)
    }
    if (octet === cr || octet === space || octet === tab) this.pending = octet
    else if (octet > space && octet < 127 && octet !== equals && !(octet === dot && this.used === 0)) this.plain(octet)
    else this.escaped(octet)
  }

  private plain(octet: number): void {
    this.room(1)
    // A soft line end may just have put it first in its line.
    if (octet === dot && this.used === 0) this.escaped(octet)
    else {
      this.out[this.length++] = octet
      this.used++
    }
  }

  private escaped(octet: number): void {
    this.room(3)
    this.out[this.length++] = equals
    this.out[this.length++] = hex[octet >> 4]!
    this.out[this.length++] = hex[octet & 15]!
    this.used += 3
  }

  private hardLineEnd(): void {
    this.out[this.length++] = cr
    this.out[this.length++] = lf
    this.used = 0
  }

  /** A soft line end where the line has no room left; the 76th character is for its `=`. */
  private room(wanted: number): void {
    if (this.used + wanted <= 75) return
    this.out[this.length++] = equals
    this.hardLineEnd()
  }
}

const lineOctets = 57

/** RFC 2045 §6.8: lines of 76 characters. */
export class Base64Encoder implements Encoder {
  readonly lineEnd = Buffer.from('\r\n')
  private rest: Buffer = Buffer.alloc(0)
  private lines = 0

  encode(piece: Buffer): Buffer {
    const octets = this.rest.length === 0 ? piece : Buffer.concat([this.rest, piece])
    const whole = octets.length - (octets.length % lineOctets)
    let text = ''
    for (let at = 0; at < whole; at += lineOctets) text += this.line(octets.subarray(at, at + lineOctets))
    this.rest = Buffer.from(octets.subarray(whole))
    return Buffer.from(text, 'latin1')
  }

  end(): Buffer {
    const text = this.rest.length === 0 ? '' : this.line(this.rest)
    this.rest = Buffer.alloc(0)
    return Buffer.from(text, 'latin1')
  }

  private line(octets: Buffer): string {
    return `${this.lines++ === 0 ? '' : '\r\n'}${octets.toString('base64')}`
  }
}
