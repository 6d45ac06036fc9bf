/** Where an address stands in the body of a field: from the first octet of its local part to the last of its domain. */
export type AddressSpan = { readonly from: number; readonly to: number }

/** More addresses than any field has. */
const maxAddresses = 5000

/**
 * Finds the addresses of a field such as From or To (RFC 5322 §3.4, and the obsolete routes of §4.4), in its body as
 * Latin-1: an octet is a character. `null`: the field cannot be read. An address with comments or blanks inside is passed
 * over: readers do not agree on it.
 */
export function addressSpans(body: string): AddressSpan[] | null {
  const spans: AddressSpan[] = []
  let at = 0
  let inGroup = false
  for (;;) {
    const words = wordsFrom(body, at)
    if (words === null) return null
    at = words.end
    const next = body[at]
    if (next === '<') {
      const angle = angleAddress(body, at + 1)
      if (angle === null || words.hasAt) return null
      if (angle.span !== null) spans.push(angle.span)
      const behind = wordsFrom(body, angle.end)
      if (behind === null || behind.count > 0) return null
      at = behind.end
    } else if (next === ':') {
      // The name of a group; its members follow (RFC 5322 §3.4).
      if (inGroup || words.count === 0 || words.hasAt) return null
      inGroup = true
      at++
      continue
    } else if (words.count > 0) {
      const span = bareAddress(body, words.start, words.last)
      if (!words.hasAt) return null
      if (span !== null) spans.push(span)
    }
    if (spans.length > maxAddresses) return null
    let closed = false
    while (body[at] === ';') {
      if (!inGroup) return null
      inGroup = false
      closed = true
      const behind = wordsFrom(body, at + 1)
      if (behind === null || behind.count > 0) return null
      at = behind.end
    }
    if (at >= body.length) return inGroup ? null : spans
    if (body[at] !== ',') return null
    if (closed && inGroup) return null
    at++
  }
}

type Words = {
  /** Of the first word, and behind the last one. */
  readonly start: number
  readonly last: number
  readonly count: number
  readonly hasAt: boolean
  readonly end: number
}

// RFC 5322 §3.2.3, with octets above 127 (RFC 6532), dots and "@": what they mean together is looked at later.
const word = /[!#$%&'*+./0-9=?@A-Z^_`a-z{|}~\x80-\xff-]+/y
const blanks = /[ \t\r\n]+/y

/** Words, quoted strings and literals from `at` on, with the comments and blanks between them. */
function wordsFrom(body: string, from: number): Words | null {
  let at = from
  let start = -1
  let last = from
  let count = 0
  let hasAt = false
  while (at < body.length) {
    const char = body[at]!
    let end: number
    if (char === '(') {
      end = commentEnd(body, at)
      if (end < 0) return null
      at = end
      continue
    }
    if (char === '"') end = quotedEnd(body, at, '"')
    else if (char === '[') end = quotedEnd(body, at, ']')
    else {
      blanks.lastIndex = at
      if (blanks.test(body)) {
        at = blanks.lastIndex
        continue
      }
      word.lastIndex = at
      end = word.test(body) ? word.lastIndex : -2
      if (end > 0 && body.slice(at, end).includes('@')) hasAt = true
    }
    if (end === -1) return null
    if (end === -2) break
    if (start < 0) start = at
    last = end
    count++
    at = end
  }
  return { start: start < 0 ? at : start, last, count, hasAt, end: at }
}

/** Behind a comment, which may hold others; -1 without its end. */
function commentEnd(body: string, from: number): number {
  let depth = 0
  for (let at = from; at < body.length; at++) {
    const char = body[at]
    if (char === '\\') at++
    else if (char === '(') depth++
    else if (char === ')' && --depth === 0) return at + 1
  }
  return -1
}

function quotedEnd(body: string, from: number, mark: string): number {
  for (let at = from + 1; at < body.length; at++) {
    if (body[at] === '\\') at++
    else if (body[at] === mark) return at + 1
  }
  return -1
}

/** Behind `<`: the address inside, `span` `null` when it is empty or is passed over. */
function angleAddress(body: string, from: number): { span: AddressSpan | null; end: number } | null {
  let start = from
  // A source route (RFC 5322 §4.4) is no part of the address.
  if (/^[ \t\r\n]*@/.test(body.slice(from, from + 1000))) {
    const colon = body.indexOf(':', from)
    const close = body.indexOf('>', from)
    if (colon < 0 || close < colon) return null
    start = colon + 1
  }
  const words = wordsFrom(body, start)
  if (words === null || body[words.end] !== '>') return null
  const span = words.count === 0 ? null : bareAddress(body, words.start, words.last)
  return { span, end: words.end + 1 }
}

// One address without anything between its parts: dot-atom or quoted string, "@", domain or literal.
const whole =
  /^(?:[!#$%&'*+./0-9=?A-Z^_`a-z{|}~\x80-\xff-]+|"(?:[^"\\\r\n]|\\[^\r\n])*")@(?:[A-Za-z0-9._\x80-\xff-]+|\[[^\][\\\r\n]*\])$/

function bareAddress(body: string, from: number, to: number): AddressSpan | null {
  // RFC 5321 §4.5.3.1.3, and quoting: longer is no address.
  return to - from <= 600 && whole.test(body.slice(from, to)) ? { from, to } : null
}
