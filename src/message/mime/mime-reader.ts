import { type ContentType, type Encoding, parseContentType, parseEncoding, plainText } from './content-fields.ts'
import { type Field, fieldsOf, textOf } from './header-block.ts'
import { LineCutter } from './line-cutter.ts'

/** What is read of one message: more is a trick, and who reads it twice must not pay for it. */
const maxHeaderBytes = 256 * 1024
const maxEntities = 2000
const maxDepth = 50

/**
 * leaf       content in some encoding
 * multipart  parts between delimiters
 * message    another message (message/rfc822): its header comes next
 */
export type Entity = {
  /** In the order in which they begin; 0 is the message. */
  readonly index: number
  readonly kind: 'leaf' | 'multipart' | 'message'
  readonly type: ContentType
  /** `null`: not said. */
  readonly encoding: Encoding | null
  readonly fields: readonly Field[]
  /** Inside of a multipart/signed, or one itself: what is signed must not change (RFC 1847 §2.1). */
  readonly signed: boolean
  /** It says of itself that it is MIME, or is a part of what does. */
  readonly isMime: boolean
}

/** Who gets what is read. Each octet comes exactly once, in order; a piece is valid during the call alone. */
export type MimeSink = {
  /** A whole header; `blank` when the empty line behind it is there. */
  header(entity: Entity, blank: boolean): void
  /** Content of a leaf, the CRLF in front of a delimiter not among it. `starts`: a line begins here. */
  content(entity: Entity, piece: Buffer, starts: boolean): void
  /** The leaf is over; `delimited`: a delimiter follows. */
  contentEnd(entity: Entity, delimited: boolean): void
  /** Delimiters, and what is before the first and behind the last of them. */
  other(piece: Buffer): void
  /** Beyond doubt is the structure of no more than what came before. Said once, with the reason. */
  doubtful(why: string): void
}

const crlf = Buffer.from('\r\n')
const dash = 45

type Open = { readonly delimiter: Buffer; readonly signed: boolean; readonly ofDigest: boolean }

/**
 * Reads the structure of a message (RFC 2045, 2046) in one pass, with bounded memory, and changes nothing. The lines may
 * be dot-stuffed: no line that means something here begins with a dot.
 */
export class MimeReader {
  private readonly sink: MimeSink
  private readonly cutter: LineCutter
  /** Multiparts around here, the innermost last. */
  private readonly open: Open[] = []
  private state: 'header' | 'content' | 'other' = 'header'
  private lines: Buffer[] = []
  private headerBytes = 0
  private leaf: Entity | null = null
  private entities = 0
  private isMime = false
  private inDigest = false
  private signed = false
  /** A line end whose meaning the next line tells: content, or part of a delimiter. */
  private held = false
  private told = false

  constructor(sink: MimeSink) {
    this.sink = sink
    this.cutter = new LineCutter((piece, starts, ends) => this.line(piece, starts, ends))
  }

  push(chunk: Buffer): void {
    this.cutter.push(chunk)
  }

  end(): void {
    this.cutter.end()
    if (this.state === 'header') this.endHeader(false)
    if (this.leaf !== null) {
      if (this.held) this.sink.content(this.leaf, crlf, false)
      this.sink.contentEnd(this.leaf, false)
    } else if (this.held) this.sink.other(crlf)
    this.held = false
    this.leaf = null
  }

  private line(piece: Buffer, starts: boolean, ends: boolean): void {
    if (starts && ends && piece[0] === dash && piece[1] === dash && this.open.length > 0 && this.delimiter(piece))
      return
    switch (this.state) {
      case 'header':
        this.headerLine(piece, starts, ends)
        return
      case 'content':
        if (this.held) this.sink.content(this.leaf!, crlf, false)
        this.held = ends
        if (piece.length > 0) this.sink.content(this.leaf!, piece, starts)
        return
      case 'other':
        if (this.held) this.sink.other(crlf)
        this.held = ends
        if (piece.length > 0) this.sink.other(piece)
        return
    }
  }

  private headerLine(piece: Buffer, starts: boolean, ends: boolean): void {
    if (starts && ends && piece.length === 0) {
      this.endHeader(true)
      return
    }
    this.headerBytes += piece.length + 2
    if (this.headerBytes > maxHeaderBytes) {
      this.doubt('a header is too long')
      // As one leaf, nothing of which is touched.
      this.lines.push(Buffer.from(piece))
      this.endHeader(false, ends)
      return
    }
    if (starts) this.lines.push(Buffer.concat(ends ? [piece, crlf] : [piece]))
    else this.lines.push(Buffer.concat([this.lines.pop() ?? Buffer.alloc(0), piece, ends ? crlf : Buffer.alloc(0)]))
  }

  private endHeader(blank: boolean, held = false): void {
    const fields = fieldsOf(this.lines)
    this.lines = []
    this.headerBytes = 0
    const entity = this.entityOf(fields)
    this.sink.header(entity, blank)
    this.held = held
    this.inDigest = false
    switch (entity.kind) {
      case 'leaf':
        this.leaf = entity
        this.state = 'content'
        return
      case 'message':
        // The header of the message inside comes next.
        this.signed = entity.signed
        this.isMime = false
        return
      case 'multipart':
        this.open.push({
          delimiter: Buffer.from(`--${entity.type.boundary}`, 'latin1'),
          signed: entity.signed,
          ofDigest: entity.type.subtype === 'digest',
        })
        this.state = 'other'
        return
    }
  }

  private entityOf(fields: readonly Field[]): Entity {
    const named = (name: string) => fields.filter((field) => field.name === name)
    const [contentType, ...moreTypes] = named('content-type')
    const [encodingField, ...moreEncodings] = named('content-transfer-encoding')
    const isMime =
      this.isMime || named('mime-version').length > 0 || contentType !== undefined || encodingField !== undefined
    const parsed = contentType === undefined ? null : parseContentType(textOf(contentType))
    const encoding = encodingField === undefined ? null : parseEncoding(textOf(encodingField))
    if (moreTypes.length + moreEncodings.length > 0) this.doubt('a part says twice what it is')
    else if (contentType !== undefined && parsed === null) this.doubt('a Content-Type cannot be read')
    else if (encodingField !== undefined && encoding === null) this.doubt('a Content-Transfer-Encoding is not known')
    else if (fields.some(({ name }) => name === '')) this.doubt('a header has a line that is no field')
    // RFC 2046 §5.1.5: in a digest the default is a message.
    const unsaid = this.inDigest ? { type: 'message', subtype: 'rfc822', boundary: null } : plainText
    let type = contentType === undefined ? unsaid : (parsed ?? unsaid)
    const isComposite = type.type === 'multipart' || isMessage(type)
    if (isComposite && (encoding === 'base64' || encoding === 'quoted-printable')) {
      this.doubt('a multipart or message is encoded as a whole')
      type = plainText
    }
    if (isComposite && (this.entities >= maxEntities || this.open.length >= maxDepth)) {
      this.doubt('too many parts')
      type = plainText
    }
    const kind = type.type === 'multipart' ? 'multipart' : isMessage(type) ? 'message' : 'leaf'
    const signed =
      this.signed || this.open.some((one) => one.signed) || (kind === 'multipart' && type.subtype === 'signed')
    return { index: this.entities++, kind, type, encoding, fields, signed, isMime }
  }

  /** True when the line is a delimiter of a multipart around here (RFC 2046 §5.1.1), and was taken as that. */
  private delimiter(piece: Buffer): boolean {
    let end = piece.length
    while (end > 0 && (piece[end - 1] === 32 || piece[end - 1] === 9)) end--
    for (let depth = this.open.length - 1; depth >= 0; depth--) {
      const { delimiter, ofDigest } = this.open[depth]!
      const closes = end === delimiter.length + 2 && piece[end - 1] === dash && piece[end - 2] === dash
      if (end !== delimiter.length && !closes) continue
      if (piece.compare(delimiter, 0, delimiter.length, 0, delimiter.length) !== 0) continue
      // What an unfinished header has opened ends here too.
      if (this.state === 'header') this.endHeader(false)
      if (this.leaf !== null) this.sink.contentEnd(this.leaf, true)
      this.leaf = null
      this.sink.other(this.held ? Buffer.concat([crlf, piece, crlf]) : Buffer.concat([piece, crlf]))
      this.held = false
      this.open.length = closes ? depth : depth + 1
      this.state = closes ? 'other' : 'header'
      this.signed = false
      this.isMime = true
      this.inDigest = ofDigest && !closes
      if (!closes && this.entities >= maxEntities) this.doubt('too many parts')
      return true
    }
    return false
  }

  private doubt(why: string): void {
    if (this.told) return
    this.told = true
    this.sink.doubtful(why)
  }
}

/** RFC 6532 §3.7: message/global may be encoded, and is a leaf then; as it stands it is a message too. */
const isMessage = ({ type, subtype }: ContentType): boolean =>
  type === 'message' && (subtype === 'rfc822' || subtype === 'global')
