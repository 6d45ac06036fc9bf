import type { Reply } from './reply.ts'
import { ok, type Result, wrong } from './result.ts'

/** Says whether a reply is meant. */
export type ReplyMatch = (reply: Reply) => boolean

/** Of a reply no more is looked at: what a peer sends is no measure of our work. */
const maxText = 2000
const maxMatch = 200

const codeForm = /^[2-5][0-9?][0-9?]$/
const statusForm = /^[245](?:\.(?:\d{1,3}|\*)){1,2}$/

/**
 * Reads `421`, `4??`, `4.7.*`, `rate limit`, and any of the three together in this order, divided by blanks. The text is
 * looked for anywhere in the reply, without regard to case; `*` in it stands for any text. No regular expression comes
 * from the document, so that no reply can make us busy: the search is linear in the text for each piece between stars.
 */
export function readMatch(text: string): Result<ReplyMatch> {
  const expected = "expected a code, an enhanced status or a text, such as '421', '4.7.*' or '4.7.* rate limit'"
  if (text.length > maxMatch) return wrong(`${expected}, of at most ${maxMatch} characters, got ${text.length}`)
  if (/[\x00-\x1f\x7f]/.test(text)) return wrong(`${expected}, without control characters`)
  const words = text.split(' ').filter((word) => word !== '')
  const code = codeForm.test(words[0] ?? '') ? (words.shift() as string) : null
  const status = statusForm.test(words[0] ?? '') ? (words.shift() as string) : null
  const pieces = words
    .join(' ')
    .toLowerCase()
    .split('*')
    .filter((piece) => piece !== '')
  if (code === null && status === null && pieces.length === 0) return wrong(`${expected}, got ${JSON.stringify(text)}`)
  if (code?.startsWith('2') || code?.startsWith('3') || status?.startsWith('2')) {
    return wrong(`expected a refusal (4yz or 5yz), got ${JSON.stringify(text)}: what was taken is nothing to react to`)
  }
  return ok(
    (reply) =>
      (code === null || codeMatches(code, String(reply.code))) &&
      (status === null || (reply.status !== null && statusMatches(status, reply.status))) &&
      (pieces.length === 0 || hasPieces(reply.text.slice(0, maxText).toLowerCase(), pieces)),
  )
}

const codeMatches = (wanted: string, code: string): boolean =>
  code.length === 3 && [...wanted].every((digit, i) => digit === '?' || digit === code[i])

/** `4.*` is all of class 4; `4.7.*` all of its subject. */
function statusMatches(wanted: string, status: string): boolean {
  const parts = status.split('.')
  return wanted.split('.').every((part, i) => part === '*' || part === parts[i])
}

/** All pieces one behind the other; the first place of each is the best one. */
function hasPieces(text: string, pieces: readonly string[]): boolean {
  let from = 0
  for (const piece of pieces) {
    const at = text.indexOf(piece, from)
    if (at < 0) return false
    from = at + piece.length
  }
  return true
}
