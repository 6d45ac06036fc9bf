import { HintFields, mailerqPrefix, ownPrefix } from './hint-fields.ts'

const LF = 10
const received = 'received'
const tlsRequired = 'tls-required'
/** More of a value is not "No". */
const maxValue = 20

/**
 * Counts the Received lines of a message while it streams past, for the loop check (RFC 5321 §6.3), and reads its
 * TLS-Required line (RFC 8689 §5) and the fields that steer its delivery. It looks at the beginning of each header line
 * and stops at the empty line. `read` gives `false` when the header is over: there is nothing to count any more.
 */
export class HopCounter {
  hops = 0
  /** TLS-Required lines so far, and what the last one says. */
  private demands = 0
  private demand = ''
  /** What comes of the value of a TLS-Required line; `null`: this line is none. */
  private value: string | null = null
  /** The name that the current line may have, by its first letter. */
  private name = received
  /** Characters of `name` that the current line has matched; -1: it is another line. */
  private matched = 0
  /** True while nothing but a CR has come of the line. */
  private empty = true
  private over = false
  /** Fields that steer the delivery; `null`: there was none, as in almost all messages. */
  private steering: HintFields | null = null
  /** The current field is one of those. */
  private isSteering = false

  /** All fields that steer the delivery, once the header is over; `null`: there are none. */
  hints(): HintFields | null {
    this.steering?.end()
    return this.steering
  }

  /** The header says `TLS-Required: No`, once. */
  get tlsOptional(): boolean {
    return this.demands === 1 && this.demand.trim().toLowerCase() === 'no'
  }

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
    if (this.isSteering) {
      if (this.steering!.octet(octet)) return
      this.isSteering = false
    }
    if (octet === LF) {
      if (this.value !== null) this.endValue(this.value)
      if (this.empty) this.over = true
      this.matched = 0
      this.empty = true
      return
    }
    if (this.value !== null) {
      if (this.value.length < maxValue) this.value += String.fromCharCode(octet)
      return
    }
    if (octet !== 13) this.empty = false
    // Letters of either case: 0x20 apart.
    const lower = octet >= 65 && octet <= 90 ? octet | 0x20 : octet
    if (this.matched === 0) this.name = lower === 0x74 ? tlsRequired : lower === 0x78 ? ownPrefix : received
    if (this.matched < this.name.length) {
      // "x-m" begins both.
      if (this.matched === 3 && lower === 0x71 && this.name === ownPrefix) this.name = mailerqPrefix
      this.matched = lower === this.name.charCodeAt(this.matched) ? this.matched + 1 : -1
      if (octet === 13) this.matched = this.empty ? 0 : -1
      else if (lower === 45 && this.matched === this.name.length) this.beginSteering()
    } else if (octet === 58) {
      if (this.name === received) {
        this.hops++
        this.matched = -1
      } else this.value = ''
    } else if (octet !== 32 && octet !== 9) {
      // "Received :" is obsolete and still one (RFC 5322 §4.5.8); anything else is another field.
      this.matched = -1
    }
  }

  /** Behind a prefix: the lines of the field are taken up to the next one. */
  private beginSteering(): void {
    this.steering ??= new HintFields()
    this.steering.begin(this.name === ownPrefix ? 'mailgw' : 'mailerq')
    this.isSteering = true
    // What ends it stands at the beginning of a line.
    this.matched = 0
    this.empty = true
  }

  private endValue(value: string): void {
    this.demands++
    this.demand = value
    this.value = null
  }
}
