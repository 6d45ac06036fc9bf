import type { Envelope } from '../mail/envelope.ts'
import type { Hints } from '../mail/hints.ts'
import type { Reply } from '../mail/reply.ts'
import { reply } from '../mail/reply.ts'
import { HopCounter } from '../message/hops.ts'
import { type Hop, receivedLine } from '../message/received.ts'
import { tagLine } from '../message/tag-line.ts'
import type { Intake } from '../queue/intake.ts'
import type { ChunkReader } from '../smtp/chunk-reader.ts'
import type { DataReader } from '../smtp/data-reader.ts'
import { LineMender } from '../smtp/line-mender.ts'
import type { DataFault } from '../smtp/scan.ts'
import type { Asked, Caller, Content } from './admission.ts'
import { type DsnWishes, withWishes } from './hints.ts'
import type { Transaction } from './transaction.ts'

/** How often the document is asked, while data come, whether they are too much already. */
const askEveryBytes = 256 * 1024

/**
 * The message of one transaction on its way into the spool: our Received line, then what comes by DATA or BDAT. Once it
 * is refused nothing more is stored, but the client's octets are still read to their end: the reply has its place there.
 *
 * open        takes content
 * refused     `refusal` says why; the intake is aborted
 * committed   the spool has it, and will say when it is safe
 * dropped     the transaction ended without it
 */
export class Incoming {
  /** Why it will not be accepted. */
  refusal: Reply | null = null
  /** The content is not made of lines: where the message ends could be a matter of opinion. */
  fault: DataFault | null = null
  /** The store wants no more until it says so. */
  stalled = false
  readonly id: string
  /** What its header says of the delivery; `null`: nothing, and nothing of it is taken off. */
  hints: Hints | null = null
  /** Fields that this client may not steer by. */
  ignoredHints: readonly string[] = []
  private wishes: DsnWishes | null = null
  private state: 'open' | 'refused' | 'committed' | 'dropped' = 'open'
  private readonly intake: Intake
  private readonly caller: Caller
  private readonly transaction: Transaction
  private readonly reader: DataReader | ChunkReader
  /** Where bare LF is let pass; else `null`. */
  private readonly mender: LineMender | null
  private readonly counter = new HopCounter()
  private inHeader = true
  private askAtBytes = askEveryBytes

  constructor(intake: Intake, reader: DataReader | ChunkReader, caller: Caller, transaction: Transaction) {
    this.id = intake.id
    this.mender = reader.lfPasses ? new LineMender() : null
    this.intake = intake
    this.reader = reader
    this.caller = caller
    this.transaction = transaction
  }

  /** Octets of content so far, without stuffed dots. */
  get sizeBytes(): number {
    return this.reader.sizeBytes + (this.mender === null ? 0 : this.mender.addedBytes)
  }

  /** Received lines so far. */
  get hops(): number {
    return this.counter.hops
  }

  /** The header says `TLS-Required: No`. */
  get tlsOptional(): boolean {
    return this.counter.tlsOptional
  }

  /** Writes the trace line. */
  open(trace: Pick<Hop, 'helo' | 'by' | 'protocol'>, now: number): void {
    const { recipients } = this.transaction
    const only = recipients.forwardPaths === 1 ? recipients.list[0]!.original.text : null
    const line = receivedLine({ ...trace, client: this.caller.client, id: this.id, for: only }, now)
    const { tags } = recipients
    const marks = tags === null ? '' : tagLine([...tags])
    this.stalled = !this.intake.write(Buffer.from(marks + line, 'latin1'))
  }

  /** Takes content that followed 354, from `from` on. Gives where the next command begins, -1 while the data go on. */
  data(chunk: Buffer, from: number): number {
    const reader = this.reader as DataReader
    const next = reader.read(chunk, from)
    if (reader.held !== null) this.store(this.mended(reader.held))
    const { stop } = reader
    if (stop > from) this.store(this.mended(from === 0 && stop === chunk.length ? chunk : chunk.subarray(from, stop)))
    return next
  }

  private mended(piece: Buffer): Buffer {
    const { mender } = this
    if (mender === null) return piece
    const mended = mender.mend(piece, (this.reader as DataReader).bareLf)
    if (mender.loneDot) this.reader.fault = 'bare LF'
    return mended
  }

  /** Takes octets of a chunk that BDAT announced. */
  piece(piece: Buffer): void {
    this.store((this.reader as ChunkReader).read(piece))
  }

  /** After BDAT LAST. */
  last(): void {
    const rest = (this.reader as ChunkReader).end()
    if (rest.length > 0 || this.reader.fault !== null) this.store(rest)
  }

  private store(piece: Buffer): void {
    const { sizeBytes } = this
    const { fault } = this.reader
    if (fault !== null && this.fault === null) {
      this.fault = fault
      this.refuse(reply(550, '5.5.2', `${fault} in the message; lines end in CRLF`))
    }
    if (this.state !== 'open') return
    if (this.inHeader) this.inHeader = this.counter.read(piece, 0, piece.length)
    if (sizeBytes >= this.askAtBytes) {
      this.askAtBytes = sizeBytes + askEveryBytes
      const asked = this.ask({ sizeBytes, hops: null })
      if (!(asked instanceof Promise) && asked.kind === 'refuse') this.refuse(asked.reply)
    }
    if (this.refusal === null) this.stalled = !this.intake.write(piece)
  }

  refuse(why: Reply): void {
    if (this.state !== 'open') return
    this.state = 'refused'
    this.refusal = why
    this.stalled = false
    this.intake.abort()
  }

  /** Ends it with the transaction. A message that is being stored is accepted, whatever becomes of the client. */
  drop(): void {
    if (this.state !== 'open') return
    this.state = 'dropped'
    this.intake.abort()
  }

  /** All of it is here: what its header says of the delivery counts, or is refused. */
  readHints(now: number): void {
    const found = this.counter.hints()
    const { admission, recipients } = this.transaction
    if (found === null || this.refusal !== null || admission.readHints === undefined) return
    const read = admission.readHints(found, recipients.marks?.hints ?? null, now)
    if (read.kind === 'refused') {
      this.refuse(read.reply)
      return
    }
    this.hints = read.hints
    this.ignoredHints = read.ignored
    this.wishes = read.wishes
  }

  /** Asks whether all of it is let in. */
  decide(): Asked {
    return this.ask({ sizeBytes: this.sizeBytes, hops: this.counter.hops })
  }

  /** The envelope with what the header adds to it. */
  steered(envelope: Envelope): Envelope {
    if (this.wishes === null) return envelope
    const wished = withWishes(envelope, this.wishes)
    return this.hints === null ? wished : { ...wished, hints: this.hints }
  }

  commit(envelope: Envelope, done: (error: Error | null) => void): void {
    this.state = 'committed'
    const { dotLines, eightBit } = this.reader
    const dots = dotLines > 0 || (this.mender !== null && this.mender.dotLines > 0)
    this.intake.commit(envelope, { dots, eightBit }, done)
  }

  private ask(content: Content): Asked {
    const { admission, from, recipients } = this.transaction
    return admission.data(this.caller, from, recipients.list, content)
  }
}
