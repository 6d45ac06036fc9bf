import { type Mailbox, parseMailbox } from '../../mail/path.ts'
import type { Rewriting } from '../../mail/rewriting.ts'
import type { Octets } from '../mime/transfer.ts'
import { addressSpans } from './address-spans.ts'

/** A header longer than this is left as it is, and so is a field: nobody's decides how much memory it takes. */
const maxHeaderBytes = 512 * 1024
const maxFieldBytes = 64 * 1024
/** RFC 5322 §2.1.1. */
const maxLine = 998

// RFC 5322 §3.6.2, §3.6.3 and §3.6.6; where notifications of reading go is a sender's too (RFC 8098 §2.1).
const senderFields = 'from|sender|reply-to|resent-from|resent-sender|resent-reply-to|disposition-notification-to'
const recipientFields = 'to|cc|bcc|resent-to|resent-cc|resent-bcc'
const addressField = new RegExp(`^(?:(${senderFields})|(?:${recipientFields}))[ \\t]*:`, 'i')

/** The message with the addresses of its header rewritten, one section after the other; the rest octet for octet. */
export async function* headerRewritten(
  message: Octets,
  rewritings: readonly Rewriting[],
): AsyncGenerator<Buffer, void, void> {
  let header: Buffer | null = Buffer.alloc(0)
  for await (const chunk of message) {
    if (header === null) {
      yield chunk
      continue
    }
    // An end may be cut in two.
    const searchFrom = Math.max(0, header.length - 3)
    header = Buffer.concat([header, chunk])
    const end = headerEnd(header, searchFrom)
    if (end < 0 && header.length <= maxHeaderBytes) continue
    if (end < 0) yield header
    else {
      yield rewriteHeader(header.subarray(0, end), rewritings)
      if (end < header.length) yield header.subarray(end)
    }
    header = null
  }
  if (header !== null && header.length > 0) yield rewriteHeader(header, rewritings)
}

/** Behind the last field; -1: it goes on. */
function headerEnd(octets: Buffer, from: number): number {
  if (octets[0] === 13 && octets[1] === 10) return 0
  const end = octets.indexOf('\r\n\r\n', from, 'latin1')
  return end < 0 ? -1 : end + 2
}

/** A whole header, its lines with their ends. Gives the same buffer when nothing in it is rewritten. */
export function rewriteHeader(header: Buffer, rewritings: readonly Rewriting[]): Buffer {
  const text = header.toString('latin1')
  let out = ''
  let done = 0
  for (let from = 0; from < text.length; ) {
    const end = fieldEnd(text, from)
    const field = end - from > maxFieldBytes ? null : addressField.exec(text.slice(from, Math.min(end, from + 100)))
    if (field !== null) {
      const role = field[1] === undefined ? 'recipients' : 'senders'
      const raw = text.slice(from, end)
      const next = rewritings.reduce((raw, rewriting) => rewriteField(raw, rewriting, role), raw)
      if (next !== raw) {
        out += text.slice(done, from) + next
        done = end
      }
    }
    from = end
  }
  return done === 0 ? header : Buffer.from(out + text.slice(done), 'latin1')
}

/** Behind a field with all of its lines. */
function fieldEnd(text: string, from: number): number {
  for (let at = from; ; ) {
    const end = text.indexOf('\r\n', at)
    if (end < 0) return text.length
    at = end + 2
    if (text[at] !== ' ' && text[at] !== '\t') return at
  }
}

function rewriteField(raw: string, rewriting: Rewriting, role: 'senders' | 'recipients'): string {
  if (!rewriting.header || rewriting[role].isEmpty) return raw
  const bodyAt = raw.indexOf(':') + 1
  const spans = addressSpans(raw.slice(bodyAt))
  if (spans === null) return raw
  let out = ''
  let done = 0
  for (const { from, to } of spans) {
    const text = raw.slice(bodyAt + from, bodyAt + to)
    const next = rewritten(text, rewriting[role])
    if (next === null) continue
    out += raw.slice(done, bodyAt + from)
    const lineAt = out.lastIndexOf('\n') + 1
    const restEnds = raw.indexOf('\r\n', bodyAt + to)
    const rest = (restEnds < 0 ? raw.length : restEnds) - (bodyAt + to)
    // Where the line would become too long the address begins another one: blanks may stand in front of any.
    if (out.length - lineAt + next.length + rest > maxLine && next.length > text.length) out += '\r\n '
    out += next
    done = bodyAt + to
  }
  return out + raw.slice(done)
}

function rewritten(latin1: string, map: Rewriting['senders']): string | null {
  const text = Buffer.from(latin1, 'latin1').toString('utf8')
  // Octets that are no UTF-8 (RFC 6532 §3.2) would not come back.
  if (Buffer.from(text, 'utf8').toString('latin1') !== latin1) return null
  const mailbox = parseMailbox(text)
  if (!mailbox.ok) return null
  const next: Mailbox | null = map.rewritten(mailbox.value)
  return next === null ? null : Buffer.from(next.text, 'utf8').toString('latin1')
}
