import { isSearchable } from './pattern.ts'

/**
 * How patterns match names that are no mailboxes, and how specific each match is (-1: none). This is the specification;
 * the run-time form looks the same up in tables.
 */

/** `*` anybody, `*@domain` by what follows the last `@`, else the login itself; a login `*` is matched by no other way. */
export function loginRank(pattern: string, login: string): number {
  if (pattern === '*') return 0
  if (pattern.startsWith('*@')) return domainOfLogin(login) === pattern.slice(2) ? 1 : -1
  return pattern === login ? 2 : -1
}

/** `null` for a login without a domain. */
export function domainOfLogin(login: string): string | null {
  const at = login.lastIndexOf('@')
  return at < 0 ? null : login.slice(at + 1)
}

export function certificateRank(pattern: string, certificate: string): number {
  if (pattern === '*') return 0
  return pattern === certificate ? 1 : -1
}

/** As for the domain of a mailbox. What the DNS could not hold, an address literal too, is matched by `*` alone. */
export function heloRank(pattern: string, helo: string): number {
  if (pattern === '*') return 0
  const name = heloDomain(helo)
  if (!isSearchable(name)) return -1
  if (pattern.startsWith('*.')) return name.endsWith(pattern.slice(1)) ? pattern.length : -1
  return pattern === name ? 1000 : -1
}

/**
 * Without case, and without the dot that some write at the end: both name the same host (RFC 1034 §3.1). A name with
 * other letters than those of ASCII stays as it is: it matches nothing but `*`, whatever its letters fold to.
 */
export function heloDomain(helo: string): string {
  if (/[^\x00-\x7f]/.test(helo)) return helo
  const name = helo.toLowerCase()
  return name.endsWith('.') ? name.slice(0, -1) : name
}
