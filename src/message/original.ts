/** What a notification needs of a stored message: octets as in the spool, dot-stuffed, CRLF. */
export type OriginalBody = {
  readonly sizeBytes: number
  readonly dots: boolean
  readonly eightBit: boolean
  readonly chunks: readonly Buffer[] | null
  read(): AsyncIterable<Buffer>
}

/** What is returned of a message in a notification: its header without the empty line, or all of it as it is stored. */
export type Original =
  | { readonly kind: 'header'; readonly header: Buffer }
  | { readonly kind: 'message'; readonly chunks: readonly Buffer[]; readonly eightBit: boolean; readonly dots: boolean }

/** Above it the header alone returns: with RET=FULL, and when the sender did not say. */
const fullUpToBytes = { asked: 1024 * 1024, unasked: 64 * 1024 }

/**
 * What a notification about this message returns of it. RET speaks of failure alone: in any other notification only the
 * header returns (RFC 3461 §4.3).
 * @throws SpoolError when the message cannot be read
 */
export async function originalOf(
  body: OriginalBody,
  ret: 'full' | 'hdrs' | null,
  isFailure: boolean,
): Promise<Original> {
  const limit = !isFailure || ret === 'hdrs' ? 0 : ret === 'full' ? fullUpToBytes.asked : fullUpToBytes.unasked
  if (body.sizeBytes > limit) return { kind: 'header', header: await originalHeader(body) }
  const { dots, eightBit } = body
  if (body.chunks !== null) return { kind: 'message', chunks: body.chunks, eightBit, dots }
  const chunks: Buffer[] = []
  for await (const chunk of body.read()) chunks.push(Buffer.from(chunk))
  return { kind: 'message', chunks, eightBit, dots }
}

/**
 * Of mail that was sent with REQUIRETLS not even the whole header returns: a notification may have to go over a way that
 * the sender did not trust (RFC 8689 §4.3). What is left tells the sender which message it was, and nobody what about.
 */
export function redacted(original: Original): Original {
  if (original.kind !== 'header') return { kind: 'header', header: Buffer.alloc(0) }
  const fields = original.header.toString('latin1').split(/\r\n(?![ \t])/)
  const kept = fields.filter((field) => /^(?:date|message-id)[ \t]*:/i.test(field))
  return { kind: 'header', header: Buffer.from(kept.map((field) => `${field}\r\n`).join(''), 'latin1') }
}

/** A longer header is cut at a line end. */
const maxHeaderBytes = 64 * 1024

/**
 * The header of a stored message, without the empty line, dots unstuffed. Reads no more of the message than that.
 * @throws SpoolError
 */
export async function originalHeader(body: Pick<OriginalBody, 'chunks' | 'read'>): Promise<Buffer> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of body.chunks ?? body.read()) {
    pieces.push(body.chunks === null ? Buffer.from(piece) : piece)
    bytes += piece.length
    const header = headerOf(Buffer.concat(pieces, bytes))
    if (header !== null) return header
  }
  return unstuffed(Buffer.concat(pieces, bytes))
}

function headerOf(octets: Buffer): Buffer | null {
  // An empty first line: no header at all.
  if (octets.length >= 2 && octets[0] === 13 && octets[1] === 10) return Buffer.alloc(0)
  const end = octets.indexOf('\r\n\r\n')
  if (end >= 0 && end + 2 <= maxHeaderBytes) return unstuffed(octets.subarray(0, end + 2))
  if (octets.length < maxHeaderBytes) return null
  return unstuffed(octets.subarray(0, octets.lastIndexOf('\r\n', maxHeaderBytes - 2) + 2))
}

const unstuffed = (octets: Buffer): Buffer =>
  Buffer.from(octets.toString('latin1').replace(/(^|\r\n)\./g, '$1'), 'latin1')
