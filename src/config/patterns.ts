import { type Domain, parseDomain } from '../mail/domain.ts'
import { type Mailbox, parseMailbox } from '../mail/path.ts'

/** What a reader of the document's texts gives: the value, or what is wrong in words, and a step to take. */
export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: string; readonly hint: string | null }

export const read = <T>(value: T): Reading<T> => ({ ok: true, value })
export const unread = (expected: string, got: string, hint: string | null = null): Reading<never> => ({
  ok: false,
  error: `expected ${expected}, got ${JSON.stringify(got)}`,
  hint,
})

// The usual spelling, in one step: tables have a hundred thousand rows.
const usual = /^(?:[a-z0-9_](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** A domain name in any spelling (capitals, U-labels, a final dot) as lower-case A-labels. An IP address is none. */
export function readDomain(text: string, expected = 'a domain name'): Reading<Domain> {
  if (text.length <= 253 && usual.test(text) && !text.includes('xn--')) return read(text as Domain)
  const name = text.endsWith('.') ? text.slice(0, -1) : text
  const parsed = parseDomain(name)
  // No top-level domain is a number, so 10.1 and 010.0.0.1 are addresses gone wrong (RFC 3696 §2).
  if (!parsed.ok || /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(parsed.value)) return unread(expected, text)
  return parsed
}

/** `a.b`, `*.a.b` or `*`. Only a whole first label can be `*`. */
export function readDomainPattern(text: string): Reading<string> {
  const expected = 'a domain pattern: a.example, *.a.example or *'
  if (text === '*') return read(text)
  if (text.startsWith('*.')) {
    if (text === '*.*') return unread(expected, text, 'did you mean "*"?')
    const domain = readDomain(text.slice(2))
    return domain.ok ? read(`*.${domain.value}`) : unread(expected, text)
  }
  if (text.startsWith('.')) {
    const both = text.slice(1)
    return unread(expected, text, `write "*.${both}" for what is below, and "${both}" as well if it is meant too`)
  }
  if (text.includes('*')) return unread(expected, text, 'a "*" stands for whole labels, and only at the front')
  if (text.includes('@'))
    return unread(expected, text, `did you mean ${JSON.stringify(text.slice(text.lastIndexOf('@') + 1))}?`)
  const domain = readDomain(text)
  return domain.ok ? domain : unread(expected, text)
}

/** `user@domain` with the local part in lower case and without quotes, a domain pattern (also as `*@domain`), or `<>`. */
export function readAddressPattern(text: string): Reading<string> {
  const expected = 'an address pattern: user@a.example, a.example, *.a.example, * or <>'
  if (text === '<>') return read(text)
  const at = text.lastIndexOf('@')
  if (at < 0) {
    const pattern = readDomainPattern(text)
    return pattern.ok ? pattern : { ...pattern, error: `expected ${expected}, got ${JSON.stringify(text)}` }
  }
  const [localPart, domain] = [text.slice(0, at), text.slice(at + 1)]
  if (localPart === '*') return readAddressPattern(domain)
  if (localPart === '') return unread(expected, text, `did you mean ${JSON.stringify(`*@${domain}`)}?`)
  if (text.startsWith('<') && text.endsWith('>')) {
    return unread(expected, text, `did you mean ${JSON.stringify(text.slice(1, -1))}?`)
  }
  if (domain.includes('*') || localPart.includes('*')) {
    return unread(expected, text, 'a "*" stands for a whole local part, or for whole labels at the front of a domain')
  }
  const mailbox = readMailbox(text)
  return mailbox.ok ? read(mailboxKey(mailbox.value)) : unread(expected, text)
}

/** `user@domain` as a mailbox with a domain name. */
export function readMailbox(text: string): Reading<Mailbox> {
  const expected = 'a mailbox, such as user@a.example'
  const at = text.lastIndexOf('@')
  if (text.startsWith('<') && text.endsWith('>')) {
    return unread(expected, text, `did you mean ${JSON.stringify(text.slice(1, -1))}?`)
  }
  if (at < 0) return unread(expected, text)
  if (text.includes('*')) return unread(expected, text, 'one mailbox is meant here, so "*" stands for nothing')
  const domain = readDomain(text.slice(at + 1))
  const mailbox = domain.ok ? parseMailbox(`${text.slice(0, at).normalize('NFC')}@${domain.value}`) : null
  return mailbox?.ok ? mailbox : unread(expected, text)
}

/** Local parts are compared without case and in NFC (RFC 5321 §2.4 leaves it to the receiver; RFC 6531 §3.1). */
export const foldLocalPart = (localPart: string): string => localPart.toLowerCase().normalize('NFC')

/** By which mailboxes of this document are compared. */
export const mailboxKey = (mailbox: Mailbox): string => `${foldLocalPart(mailbox.localPart)}@${mailbox.domain}`

/** The patterns that match all that `pattern` matches, the most specific first: `x.a.b`, `*.a.b`, `*.b`, `*`. */
export function* covering(pattern: string): Generator<string> {
  yield pattern
  if (pattern === '*') return
  let rest = pattern.startsWith('*.') ? pattern.slice(2) : pattern
  for (let dot = rest.indexOf('.'); dot >= 0; dot = rest.indexOf('.')) {
    rest = rest.slice(dot + 1)
    yield `*.${rest}`
  }
  yield '*'
}
