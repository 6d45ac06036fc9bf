import type { Octets } from './mime/transfer.ts'

const dot = 46
const lf = 10

/** Dot-stuffed lines as they are meant (RFC 5321 §4.5.2). Every LF ends a line, as in all that was stored. */
export async function* unstuffed(octets: Octets): AsyncGenerator<Buffer, void, void> {
  let atStart = true
  for await (const piece of octets) {
    let from = 0
    for (let at = 0; at < piece.length; at++) {
      if (atStart && piece[at] === dot) {
        if (at > from) yield piece.subarray(from, at)
        from = at + 1
      }
      atStart = piece[at] === lf
    }
    if (from < piece.length) yield piece.subarray(from)
  }
}

const oneDot = Buffer.from('.')

/** Lines with one more dot where they begin with one. */
export async function* stuffed(octets: Octets): AsyncGenerator<Buffer, void, void> {
  let atStart = true
  for await (const piece of octets) {
    let from = 0
    for (let at = 0; at < piece.length; at++) {
      if (atStart && piece[at] === dot) {
        if (at > from) yield piece.subarray(from, at)
        yield oneDot
        from = at
      }
      atStart = piece[at] === lf
    }
    if (from < piece.length) yield piece.subarray(from)
  }
}
