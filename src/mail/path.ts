import { type Domain, literalDomain, parseDomain } from './domain.ts'
import { parseIp } from './ip.ts'
import { ok, type Result, wrong } from './result.ts'

/**
 * A mailbox as it came on the wire, parsed once.
 * `localPart` is without its quoting (`"a b"@x` has `a b`); `text` is what is sent on: the local part in the quoting it
 * came with, and the domain. Two mailboxes are the same recipient when `localPart` and `domain` are equal.
 */
export type Mailbox = {
  readonly localPart: string
  readonly domain: Domain
  readonly text: string
}

/** `MAIL FROM:<...>`; `null` is the null reverse-path `<>` (RFC 5321 §4.5.5). */
export type ReversePath = Mailbox | null

/** RFC 5321 §4.5.3.1.1 and .3: octets on the wire, the path's with its angle brackets. */
const maxLocalPart = 64
const maxMailbox = 254

// One class each, so that no text can make them backtrack. Octets above ASCII are RFC 6531's; C1 controls stay out.
const dotString = /^[\w!#$%&'*+/=?^`{|}~\u00a0-\uffff-]+(?:\.[\w!#$%&'*+/=?^`{|}~\u00a0-\uffff-]+)*$/
const quotedString = /^"(?:[ !#-[\]-~\u00a0-\uffff]|\\[ -~])*"$/

/**
 * Reads `local-part@domain` by the grammar of RFC 5321 §4.1.2 and RFC 6531 §3.3: a quoted local part, an address literal,
 * A-labels and U-labels; no comments, no route, no white space. `text` keeps the local part's quoting.
 */
export function parseMailbox(text: string): Result<Mailbox> {
  // A domain holds no "@", and a local part only inside of quotes.
  const at = text.lastIndexOf('@')
  if (at < 0) return wrong(`expected local-part@domain, got ${JSON.stringify(text)}`)
  const localPart = parseLocalPart(text.slice(0, at))
  if (!localPart.ok) return localPart
  const domain = parseMailDomain(text.slice(at + 1))
  if (!domain.ok) return domain
  if (domain.value.startsWith('[') && isShortenedByOne(text.slice(at + 1))) {
    return wrong('expected "::" in an address literal to stand for two groups or more')
  }
  if (text.length > maxMailbox || octets(text) > maxMailbox) return wrong('expected a path of at most 256 octets')
  return ok({
    localPart: localPart.value,
    domain: domain.value,
    text: `${text.slice(0, at)}@${domain.value}`,
  })
}

/** A local part as it came, without its quoting. */
export function parseLocalPart(text: string): Result<string> {
  if (text.length > maxLocalPart || octets(text) > maxLocalPart) {
    return wrong(`expected a local part of at most ${maxLocalPart} octets`)
  }
  if (dotString.test(text)) return ok(text)
  if (quotedString.test(text)) return ok(text.slice(1, -1).replace(/\\(.)/g, '$1'))
  return wrong(`expected a local part, got ${JSON.stringify(text)}`)
}

/** What stands after `@`: a domain name, or an address in brackets (RFC 5321 §4.1.3). */
export function parseMailDomain(text: string): Result<Domain> {
  if (!text.startsWith('[')) return parseDomain(text)
  const literal = /^\[(?:(ipv6:)([0-9a-f:.]+)|([0-9.]+))\]$/i.exec(text)
  // No tag but IPv6 is registered: any other literal is nothing that mail could be sent to.
  const address = literal === null ? null : parseIp((literal[2] ?? literal[3])!)
  if (!address?.ok || (literal![1] !== undefined) !== literal![0].slice(6).includes(':')) {
    return wrong(`expected an address literal such as [192.0.2.1] or [IPv6:2001:db8::1], got ${JSON.stringify(text)}`)
  }
  return ok(literalDomain(address.value))
}

/** "::" in place of a single group of zeros: RFC 5321 §4.1.3 wants no more than six groups beside it, an IPv4 address is two. */
function isShortenedByOne(literal: string): boolean {
  if (!literal.includes('::')) return false
  const groups = literal
    .slice('[IPv6:'.length, -1)
    .split(':')
    .filter((group) => group !== '').length
  return groups + (literal.includes('.') ? 1 : 0) > 6
}

/** True when the mailbox can only be named to a host that has SMTPUTF8 (RFC 6531). */
export const needsUtf8 = (mailbox: Mailbox): boolean => /[^\x00-\x7f]/.test(mailbox.localPart)

const octets = (text: string): number => Buffer.byteLength(text)
