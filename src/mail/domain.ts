import { createRequire } from 'node:module'
import { ok, type Result, wrong } from './result.ts'

/** A domain name in lower-case A-labels without a trailing dot, or an address literal such as `[192.0.2.1]`. */
export type Domain = string & { readonly __brand: 'Domain' }

// A label by RFC 5321 §4.1.2 (letters, digits, inner hyphens); `_` is tolerated, as hosts with it exist.
const ascii = /^(?=.{1,255}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/

/** Reads a domain name as a person or a peer writes it; U-labels become A-labels (RFC 5890). */
export function parseDomain(text: string): Result<Domain> {
  const lower = text.toLowerCase()
  if (ascii.test(lower) && !lower.includes('xn--')) return ok(lower as Domain)
  const converted = idna().toASCII(text, {
    checkBidi: true,
    // A U-label neither begins nor ends with a hyphen (RFC 5891 §4.2.3.1); in its A-label that can no longer be seen.
    checkHyphens: true,
    checkJoiners: true,
    useSTD3ASCIIRules: false,
    verifyDNSLength: false,
    transitionalProcessing: false,
  })
  if (converted === null || !ascii.test(converted)) return wrong(`expected a domain name, got ${JSON.stringify(text)}`)
  return ok(converted as Domain)
}

/** For an address literal that `parseIp` has read: the domain of `user@[192.0.2.1]`. */
export const literalDomain = (address: string): Domain =>
  (address.includes(':') ? `[IPv6:${address}]` : `[${address}]`) as Domain

/** For text that was a domain when it was stored (graph, spool). */
export const storedDomain = (text: string): Domain => text as Domain

let tables: typeof import('tr46') | null = null

/** Loaded when it is first needed: its tables are 10 MB that a gateway without U-labels never touches. */
function idna(): typeof import('tr46') {
  tables ??= createRequire(import.meta.url)('tr46') as typeof import('tr46')
  return tables
}
