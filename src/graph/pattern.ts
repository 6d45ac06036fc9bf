/**
 * Patterns of mailboxes as tables hold them: `user@domain`, `domain`, `*.suffix`, `*`, `<>`. The local part stands
 * without its quoting, folded; the domain begins after the last `@` (a local part may hold one, a domain never).
 */

/** A domain with more of either is no name in the DNS (RFC 1035 §2.3.4); only `*` matches it. Bounds the work of a look-up. */
export const maxDomainLength = 255
export const maxLabels = 127

/** Local parts are compared without case and in NFC (RFC 5321 §2.4 leaves this to the receiver; RFC 6531 §3.1, RFC 5198 §3). */
export const foldLocalPart = (localPart: string): string => localPart.toLowerCase().normalize('NFC')

/** The pattern that matches this mailbox alone. */
export const mailboxKey = (mailbox: { readonly localPart: string; readonly domain: string }): string =>
  `${foldLocalPart(mailbox.localPart)}@${mailbox.domain}`

/** True for a domain that exact and `*.suffix` patterns may match: a name in A-labels that the DNS could hold. */
export function isSearchable(domain: string): boolean {
  return domain.length <= maxDomainLength && domain.split('.').length <= maxLabels && /^[\x00-\x7f]*$/.test(domain)
}

/**
 * All patterns that match this one's whole set, the most specific first, itself the first: `u@a.b`, `a.b`, `*.b`, `*`.
 * Two patterns of a mailbox table are nested or disjoint, so this is the whole order.
 */
export function coveringPatterns(pattern: string): string[] {
  if (pattern === '<>' || pattern === '*') return [pattern]
  const at = pattern.lastIndexOf('@')
  if (at >= 0) return [pattern, ...coveringPatterns(pattern.slice(at + 1))]
  const found = [pattern]
  let rest = pattern.startsWith('*.') ? pattern.slice(2) : pattern
  for (let dot = rest.indexOf('.'); dot >= 0; dot = rest.indexOf('.')) {
    rest = rest.slice(dot + 1)
    found.push(`*.${rest}`)
  }
  found.push('*')
  return found
}

/** By code units: the one order of rows, cases and names in a graph. Not `localeCompare`, which differs by machine. */
export const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
