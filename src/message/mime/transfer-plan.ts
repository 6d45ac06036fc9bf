import { type Entity, MimeReader, type MimeSink } from './mime-reader.ts'

/** What the other side takes: lines of ASCII, or lines of any octets but NUL (RFC 6152, RFC 3030). */
export type Transport = '7bit' | '8bit'

/** RFC 5321 §4.5.3.1.6, RFC 2045 §2.7: octets in a line, without its CRLF. */
const maxLine = 998

/**
 * as-is    the content goes through as it came
 * convert  `encodings` by index of the entity; the others stay
 * refuse   it does not go through, and may not be changed: `why`
 */
export type TransferPlan =
  | { readonly kind: 'as-is' }
  | {
      readonly kind: 'convert'
      readonly transport: Transport
      readonly encodings: ReadonlyMap<number, 'quoted-printable' | 'base64'>
    }
  | { readonly kind: 'refuse'; readonly why: string }

type Leaf = { readonly entity: Entity; octets: number; eightBit: number; longest: number; bare: boolean }

/**
 * Looks through a message and says how it goes over `transport`. Headers are octets and stay so: they are no reason.
 * What is signed is never changed, since its signature would break (RFC 1847 §2.1, RFC 6376 §5.3); nor is what cannot be read
 * beyond doubt, as another reader would see another message.
 */
export class TransferPlanner implements MimeSink {
  private readonly transport: Transport
  private readonly reader = new MimeReader(this)
  private readonly leaves: Leaf[] = []
  private leaf: Leaf | null = null
  private beyond: Leaf | null = null
  private line = 0
  private isSealed = false
  private outside = false
  private why: string | null = null

  constructor(transport: Transport) {
    this.transport = transport
  }

  push(chunk: Buffer): void {
    this.reader.push(chunk)
  }

  end(): TransferPlan {
    this.reader.end()
    const wanted = this.leaves.filter((leaf) => this.mustChange(leaf))
    if (wanted.length === 0 && !this.outside) return { kind: 'as-is' }
    const why = this.outside ? 'octets outside of its parts' : this.hindrance(wanted)
    if (why !== null) return { kind: 'refuse', why }
    const encodings = new Map<number, 'quoted-printable' | 'base64'>()
    for (const leaf of this.leaves) {
      if (wanted.includes(leaf) || isTooLong(leaf)) encodings.set(leaf.entity.index, encodingFor(leaf))
    }
    return { kind: 'convert', transport: this.transport, encodings }
  }

  header(entity: Entity): void {
    if (entity.index === 0) this.isSealed = entity.fields.some(({ name }) => seals.has(name))
    this.leaf = entity.kind === 'leaf' ? { entity, octets: 0, eightBit: 0, longest: 0, bare: false } : null
    this.line = 0
    if (this.leaf === null) return
    // Behind a doubt nothing is told apart any more: one is enough to know whether it matters.
    if (this.beyond !== null) this.leaf = this.beyond
    else this.leaves.push(this.leaf)
    if (this.why !== null) this.beyond = this.leaf
  }

  content(_entity: Entity, piece: Buffer, starts: boolean): void {
    const leaf = this.leaf!
    const isLineEnd = piece.length === 2 && piece[0] === 13 && piece[1] === 10
    leaf.octets += piece.length
    if (starts || isLineEnd) this.line = 0
    if (isLineEnd) return
    this.line += piece.length
    if (this.line > leaf.longest) leaf.longest = this.line
    for (let at = 0; at < piece.length; at++) {
      const octet = piece[at]!
      if (octet > 127) leaf.eightBit++
      else if (octet === 0 || octet === 10 || octet === 13) leaf.bare = true
    }
  }

  contentEnd(): void {}

  other(piece: Buffer): void {
    for (const octet of piece) if (octet === 0 || (octet > 127 && this.transport === '7bit')) this.outside = true
  }

  doubtful(why: string): void {
    this.why ??= why
  }

  private mustChange({ bare, eightBit }: Leaf): boolean {
    return bare || (eightBit > 0 && this.transport === '7bit')
  }

  private hindrance(wanted: readonly Leaf[]): string | null {
    if (this.isSealed) return 'it carries a DKIM signature, which a conversion would break'
    if (this.why !== null) return this.why
    for (const { entity, eightBit } of wanted) {
      const { signed, encoding, type } = entity
      if (signed) return 'a part of it is signed, and a conversion would break the signature'
      if (encoding === 'base64' || (encoding === 'quoted-printable' && eightBit > 0)) {
        return `a part of it says ${encoding}, and is not`
      }
      // RFC 2045 §6.4: no other encoding for them. RFC 6533 §6.3 allows it for what is global.
      if (type.type === 'message' && !type.subtype.startsWith('global')) {
        return `a part of type message/${type.subtype} cannot be encoded`
      }
    }
    return null
  }
}

/** A signature over the whole content (RFC 6376, RFC 8617). */
const seals: ReadonlySet<string> = new Set(['dkim-signature', 'arc-message-signature'])

/** A message that is converted leaves without lines that are too long, where that may be mended. */
const isTooLong = ({ longest, entity }: Leaf): boolean =>
  longest > maxLine &&
  !entity.signed &&
  entity.encoding !== 'base64' &&
  entity.encoding !== 'quoted-printable' &&
  entity.type.type !== 'message'

/** Text stays readable where that is not longer; what is no text, or no lines, is base64. */
function encodingFor({ entity, octets, eightBit, bare }: Leaf): 'quoted-printable' | 'base64' {
  if (entity.type.type !== 'text' || bare) return 'base64'
  return eightBit * 6 > octets ? 'base64' : 'quoted-printable'
}
