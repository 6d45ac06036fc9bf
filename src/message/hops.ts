const LF = 10
const name = 'received'

/**
 * Counts the Received lines of a message while it streams past, for the loop check (RFC 5321 §6.3). It looks at the
 * beginning of each header line and stops at the empty line. `read` gives `false` when the header is over: there is
 * nothing to count any more.
 */
export class HopCounter {
  hops = 0
  /** Characters of `name` that the current line has matched; -1: it is another line. */
  private matched = 0
  /** True while nothing but a CR has come of the line. */
  private empty = true
  private over = false

  read(chunk: Buffer, from: number, to: number): boolean {
    let at = from
    while (at < to && !this.over) {
      if (this.matched < 0) {
        const end = chunk.indexOf(LF, at)
        if (end < 0 || end >= to) return true
        this.matched = 0
        this.empty = true
        at = end + 1
        continue
      }
      this.octet(chunk[at]!)
      at++
    }
    return !this.over
  }

  private octet(octet: number): void {
    if (octet === LF) {
      if (this.empty) this.over = true
      this.matched = 0
      this.empty = true
      return
    }
    if (octet !== 13) this.empty = false
    if (this.matched < name.length) {
      // Letters of either case: 0x20 apart.
      this.matched = (octet | 0x20) === name.charCodeAt(this.matched) && octet >= 65 ? this.matched + 1 : -1
      if (octet === 13) this.matched = this.empty ? 0 : -1
    } else if (octet === 58) {
      this.hops++
      this.matched = -1
    } else if (octet !== 32 && octet !== 9) {
      // "Received :" is obsolete and still one (RFC 5322 §4.5.8); anything else is another field.
      this.matched = -1
    }
  }
}
