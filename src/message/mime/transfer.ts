import { Base64Encoder, type Encoder, QuotedPrintableEncoder } from './encoders.ts'
import { type Field, fieldsOf } from './header-block.ts'
import { type Entity, MimeReader, type MimeSink } from './mime-reader.ts'
import { type TransferPlan, TransferPlanner, type Transport } from './transfer-plan.ts'

/** Octets in pieces of no order; each is valid until the next one is asked for. */
export type Octets = AsyncIterable<Buffer> | Iterable<Buffer>

/** How a message, dot-stuffed or not, goes over `transport`. */
export async function planTransfer(message: Octets, transport: Transport): Promise<TransferPlan> {
  const planner = new TransferPlanner(transport)
  for await (const chunk of message) planner.push(chunk)
  return planner.end()
}

/** The same message, with the encodings that the plan of it says; dot-stuffed when it was. */
export async function* transferred(
  message: Octets,
  plan: Extract<TransferPlan, { kind: 'convert' }>,
): AsyncGenerator<Buffer, void, void> {
  const writer = new Converter(plan)
  for await (const chunk of message) {
    writer.push(chunk)
    const piece = writer.take()
    if (piece.length > 0) yield piece
  }
  writer.end()
  yield writer.take()
}

const crlf = Buffer.from('\r\n')
const dot = 46

class Converter implements MimeSink {
  private readonly encodings: ReadonlyMap<number, 'quoted-printable' | 'base64'>
  private readonly transport: Transport
  private readonly reader = new MimeReader(this)
  private encoder: Encoder | null = null
  private out: Buffer[] = []
  private wrote = false

  constructor({ encodings, transport }: Extract<TransferPlan, { kind: 'convert' }>) {
    this.encodings = encodings
    this.transport = transport
  }

  push(chunk: Buffer): void {
    this.reader.push(chunk)
  }

  end(): void {
    this.reader.end()
  }

  take(): Buffer {
    const piece = Buffer.concat(this.out)
    this.out = []
    return piece
  }

  header(entity: Entity, blank: boolean): void {
    const encoding = this.encodings.get(entity.index)
    this.encoder = null
    if (encoding !== undefined) {
      this.encoder = encoding === 'base64' ? new Base64Encoder() : new QuotedPrintableEncoder()
      this.wrote = false
      this.put(relabelled(entity, encoding))
    } else if (isMislabelled(entity, this.transport)) this.put(relabelled(entity, this.transport))
    else this.put(entity.fields.map(({ raw }) => raw))
    if (blank) this.out.push(crlf)
  }

  content(_entity: Entity, piece: Buffer, starts: boolean): void {
    if (this.encoder === null) {
      this.out.push(Buffer.from(piece))
      return
    }
    // What is encoded is the content itself, not its form in a transaction (RFC 5321 §4.5.2).
    const octets = starts && piece[0] === dot ? piece.subarray(1) : piece
    this.encoded(this.encoder.encode(octets))
  }

  contentEnd(_entity: Entity, delimited: boolean): void {
    if (this.encoder === null) return
    this.encoded(this.encoder.end())
    const last = this.out.at(-1)
    // The message ends with a line end, in whatever form. Of base64 it is none of the content.
    if (!delimited && this.wrote && !(last?.at(-1) === 10 && last.at(-2) === 13)) this.out.push(this.encoder.lineEnd)
    this.encoder = null
  }

  other(piece: Buffer): void {
    this.out.push(Buffer.from(piece))
  }

  doubtful(): void {}

  private encoded(octets: Buffer): void {
    if (octets.length === 0) return
    this.wrote = true
    this.out.push(octets)
  }

  private put(raws: readonly Buffer[]): void {
    for (const raw of raws) this.out.push(raw)
  }
}

/** Its content goes as it is, and yet it says more than the way takes. What is signed keeps its words. */
const isMislabelled = ({ encoding, signed }: Entity, transport: Transport): boolean =>
  !signed && (encoding === 'binary' || (encoding === '8bit' && transport === '7bit'))

const encodingName = 'content-transfer-encoding'

/**
 * The fields with another encoding. A message that says nothing of MIME gets what it needs to say this: text in a
 * character set that nobody has named (RFC 1428 §3).
 */
function relabelled({ fields, isMime }: Entity, encoding: string): readonly Buffer[] {
  const line = Buffer.from(`Content-Transfer-Encoding: ${encoding}\r\n`)
  if (fields.some(({ name }) => name === encodingName)) {
    return fields.map(({ name, raw }) => (name === encodingName ? line : raw))
  }
  const added: Field[] = fieldsOf(
    isMime
      ? [line]
      : [Buffer.from('MIME-Version: 1.0\r\n'), Buffer.from('Content-Type: text/plain; charset=unknown-8bit\r\n'), line],
  )
  return [...fields, ...added].map(({ raw }) => raw)
}
