import { hintName } from './hint-fields.ts'
import type { Octets } from './mime/transfer.ts'
import { tagLine } from './tag-line.ts'

/** What is taken off the header of a message, and the mark that it gets in place of it. */
export type Stripping = { readonly mailerq: boolean; readonly tag: string | null }

const LF = 10
/** So much of a line tells what field it is; no name that is taken off is longer. */
const enough = 128

/**
 * The message without the fields that steer its delivery: the next hop may believe such fields of ours, and they say what
 * is nobody's business. All else octet for octet. Lines are looked at one by one, so that no header is too long for it.
 */
export async function* hintsStripped(message: Octets, { mailerq, tag }: Stripping): AsyncGenerator<Buffer, void, void> {
  if (tag !== null) yield Buffer.from(tagLine([tag]), 'latin1')
  const header = new HeaderLines(mailerq)
  for await (const chunk of message) {
    const kept = header.read(chunk)
    if (kept.length > 0) yield kept
  }
  const rest = header.end()
  if (rest.length > 0) yield rest
}

/**
 * start    at the beginning of a line, with what has come of it
 * keeps    in a line that stays
 * drops    in a line of a field that is taken off
 * over     behind the empty line
 */
class HeaderLines {
  private state: 'start' | 'keeps' | 'drops' | 'over' = 'start'
  private begun = ''
  /** The field of the line before was taken off: its folded lines are too. */
  private dropped = false
  private readonly mailerq: boolean

  constructor(mailerq: boolean) {
    this.mailerq = mailerq
  }

  read(chunk: Buffer): Buffer {
    if (this.isOver) return chunk
    const kept: Buffer[] = []
    let at = 0
    while (at < chunk.length) {
      if (this.isOver) {
        kept.push(chunk.subarray(at))
        break
      }
      const end = chunk.indexOf(LF, at)
      const next = end < 0 ? chunk.length : end + 1
      const piece = chunk.subarray(at, next)
      at = next
      if (this.state === 'start') {
        this.begun += piece.toString('latin1')
        if (end < 0 && this.begun.length < enough) continue
        this.judge()
        if (!this.dropped) kept.push(Buffer.from(this.begun, 'latin1'))
        this.begun = ''
      } else if (this.state === 'keeps') kept.push(piece)
      if (end >= 0 && !this.isOver) this.state = 'start'
    }
    return kept.length === 1 ? kept[0]! : Buffer.concat(kept)
  }

  /** What has come of a last line without its end. */
  end(): Buffer {
    if (this.state !== 'start' || this.begun === '') return Buffer.alloc(0)
    this.judge()
    return this.dropped ? Buffer.alloc(0) : Buffer.from(this.begun, 'latin1')
  }

  private get isOver(): boolean {
    return this.state === 'over'
  }

  private judge(): void {
    const { begun } = this
    if (begun === '\r\n') {
      this.state = 'over'
      this.dropped = false
      return
    }
    const isFolded = begun.startsWith(' ') || begun.startsWith('\t')
    if (!isFolded) this.dropped = hintName(begun, this.mailerq) !== null
    this.state = this.dropped ? 'drops' : 'keeps'
  }
}
