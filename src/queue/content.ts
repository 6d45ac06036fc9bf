import type { StoredBody } from './entry.ts'

/** Of a header that is shown to people. */
const maxHeaderBytes = 64 * 1024

/** A stored body without the dots that SMTP doubles (RFC 5321 §4.5.2): what a file of it holds. */
export async function* plainContent(body: StoredBody): AsyncGenerator<Buffer> {
  if (!body.dots) {
    yield* copies(body)
    return
  }
  // A line may begin at the end of one piece and its dot stand at the beginning of the next.
  let isLineStart = true
  for await (const piece of copies(body)) {
    const parts: Buffer[] = []
    let from = 0
    for (let dot = isLineStart && piece[0] === 46 ? 0 : nextDot(piece, 0); dot >= 0; dot = nextDot(piece, from)) {
      parts.push(piece.subarray(from, dot))
      from = dot + 1
    }
    parts.push(piece.subarray(from))
    isLineStart = piece.length > 0 ? piece[piece.length - 1] === 10 : isLineStart
    yield Buffer.concat(parts)
  }
}

/** Position of the next dot behind a line end at or after `from`; -1: there is none. */
function nextDot(piece: Buffer, from: number): number {
  const at = piece.indexOf('\n.', Math.max(0, from - 1))
  return at < 0 ? -1 : at + 1
}

/** The pieces of the spool are gone when the next one is asked for. */
async function* copies(body: StoredBody): AsyncGenerator<Buffer> {
  for await (const piece of body.read()) yield Buffer.from(piece)
}

/** The header as it came, up to 64 KiB of it; `null`: the disk cannot read it. */
export async function headerOf(body: StoredBody): Promise<string | null> {
  let header = Buffer.alloc(0)
  try {
    for await (const piece of plainContent(body)) {
      header = Buffer.concat([header, piece.subarray(0, maxHeaderBytes)])
      const end = header.indexOf('\r\n\r\n')
      if (end >= 0) return header.subarray(0, end + 2).toString('utf8')
      if (header.length >= maxHeaderBytes) break
    }
  } catch {
    return null
  }
  return header.subarray(0, maxHeaderBytes).toString('utf8')
}
