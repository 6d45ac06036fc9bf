import { ok, type Result, wrong } from '../../mail/result.ts'

/** Of one message of a directory: an entry with a photograph, and not more. */
export const maxMessageOctets = 1024 * 1024
const maxDepth = 12

/** Octets of tag and length, and of what follows them. `null`: not all of it is there yet. */
type Header = { readonly head: number; readonly content: number } | null

/**
 * Octets of the first complete LDAP message in the buffer (RFC 4511 §5.1), 0 when it is not complete. What is inside must
 * nest exactly: the library behind this check trusts lengths, and would read the same attribute for ever.
 */
export function firstMessage(buffer: Buffer): Result<number> {
  const header = headerAt(buffer, 0, buffer.length)
  if (!header.ok) return header
  if (header.value === null) return ok(0)
  if (buffer[0] !== 0x30) return wrong('it is no LDAP message')
  const size = header.value.head + header.value.content
  if (size > maxMessageOctets) return wrong(`a message of ${size} octets`)
  if (buffer.length < size) return ok(0)
  return nests(buffer, header.value.head, size, 0) ? ok(size) : wrong('a message whose parts do not fit in it')
}

function headerAt(buffer: Buffer, at: number, end: number): Result<Header> {
  if (end - at < 2) return ok(null)
  // Tags above 30 take more octets, and LDAP has none of them.
  if ((buffer[at]! & 0x1f) === 0x1f) return wrong('a tag of several octets')
  const first = buffer[at + 1]!
  if (first < 0x80) return ok({ head: 2, content: first })
  const octets = first & 0x7f
  // 0x80 is the indefinite form, which LDAP forbids.
  if (octets === 0 || octets > 4) return wrong('a length that LDAP does not have')
  if (end - at < 2 + octets) return ok(null)
  return ok({ head: 2 + octets, content: buffer.readUIntBE(at + 2, octets) })
}

function nests(buffer: Buffer, from: number, end: number, depth: number): boolean {
  if (depth > maxDepth) return false
  for (let at = from; at < end; ) {
    const header = headerAt(buffer, at, end)
    if (!header.ok || header.value === null) return false
    const inner = at + header.value.head
    const next = inner + header.value.content
    if (next > end) return false
    const constructed = (buffer[at]! & 0x20) !== 0
    if (constructed && !nests(buffer, inner, next, depth + 1)) return false
    at = next
  }
  return true
}
