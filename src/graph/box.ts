import { type IpAddress, ipBytes } from '../mail/ip.ts'
import type { Mailbox } from '../mail/path.ts'
import type { Described } from './explanation.ts'
import type { Outcome } from './graph.ts'
import { certificateRank, heloRank, loginRank } from './name-rank.ts'
import { blockOf, contains } from './network.ts'
import { foldLocalPart, isSearchable } from './pattern.ts'

/** A union of parts; each part: everything that `pattern` matches but nothing that one of `except` matches. */
export type PatternSet = readonly { readonly pattern: string; readonly except: readonly string[] }[]

/**
 * A set of messages as plain data: what a plan reports, what a proof is about, and what a gateway can test at each
 * decision without any analysis. `null`: any.
 */
export type Box = {
  readonly listeners: readonly string[] | null
  /** Address blocks. */
  readonly clients: PatternSet | null
  /** `<>`, or as for recipients; `*` does not match `<>`, as in tables. */
  readonly senders: PatternSet | null
  /**
   * A domain pattern (`b`, `*.b`, `*`), alone or after a folded local part and an `@`: `a@b` is one mailbox, `a@*.b` that
   * local part at every domain below b, `a@*` at any. What the DNS could not hold, an address literal too, is matched by
   * `*` alone.
   */
  readonly recipients: PatternSet | null
  /** Over the one, up to and with the other. A size that is not known is never over, so it is in the lowest range. */
  readonly sizes: readonly { readonly overBytes: number | null; readonly upToBytes: number | null }[] | null
  readonly hops: readonly { readonly over: number | null; readonly upTo: number | null }[] | null
  /** `dnsbl.zen` and its answers; absent: any answer, also none. */
  readonly oracles: Readonly<Record<string, readonly Outcome[]>>
  /** Whether the line is encrypted; absent, as of the next three: any. */
  readonly tls?: boolean
  /** As rows of tables (`name-rank.ts`), and `unsaid` for messages without. `*` does not match these, as in tables. */
  readonly logins?: PatternSet
  readonly certificates?: PatternSet
  readonly helos?: PatternSet
}

/** Nobody logged in; no certificate; no HELO. No pattern of a table is this text. */
export const unsaid = '<none>'

export const everyMessage: Box = {
  listeners: null,
  clients: null,
  senders: null,
  recipients: null,
  sizes: null,
  hops: null,
  oracles: {},
}

/**
 * True when the message lies in the box. A sender or recipient that was not described lies only where any does; so does
 * an oracle that nobody answered.
 */
export function boxHolds(box: Box, message: Described, answers: ReadonlyMap<string, Outcome>): boolean {
  if (box.listeners !== null && !box.listeners.includes(message.listener)) return false
  if (box.clients !== null && !blocksHold(box.clients, message.client)) return false
  const { sender, recipient } = message
  if (box.senders !== null && (sender === undefined || !mailboxesHold(box.senders, sender))) return false
  if (box.recipients !== null && (recipient === null || !mailboxesHold(box.recipients, recipient))) return false
  const size = message.sizeBytes ?? 0
  if (box.sizes !== null && !box.sizes.some((range) => within(size, range.overBytes, range.upToBytes))) return false
  const hops = message.hops ?? 0
  if (box.hops !== null && !box.hops.some((range) => within(hops, range.over, range.upTo))) return false
  if (box.tls !== undefined && box.tls !== message.tls) return false
  if (box.logins !== undefined && !namesHold(box.logins, message.login, loginRank)) return false
  if (box.certificates !== undefined && !namesHold(box.certificates, message.certificate, certificateRank)) return false
  if (box.helos !== undefined && !namesHold(box.helos, message.helo, heloRank)) return false
  for (const [oracle, outcomes] of Object.entries(box.oracles)) {
    const answer = answers.get(oracle)
    if (answer === undefined || !outcomes.includes(answer)) return false
  }
  return true
}

const within = (value: number, over: number | null, upTo: number | null): boolean =>
  (over === null || value > over) && (upTo === null || value <= upTo)

/** True when the name lies in the set. `rank`: as tables match such a name, -1 when they do not. */
export function namesHold(
  set: PatternSet,
  name: string | null,
  rank: (pattern: string, name: string) => number,
): boolean {
  const holds = (pattern: string) =>
    pattern === unsaid || name === null ? pattern === unsaid && name === null : rank(pattern, name) >= 0
  return set.some(({ pattern, except }) => holds(pattern) && !except.some(holds))
}

/** True when the address lies in the set of address blocks. */
export function blocksHold(set: PatternSet, address: IpAddress): boolean {
  const bytes = ipBytes(address)
  const holds = (network: string) => contains(blockOf(network), bytes)
  return set.some(({ pattern, except }) => holds(pattern) && !except.some(holds))
}

/** True when the mailbox, or the null reverse-path, lies in the set of mailbox patterns. */
export function mailboxesHold(set: PatternSet, path: Mailbox | null): boolean {
  if (path === null) return set.some(({ pattern, except }) => pattern === '<>' && !except.includes('<>'))
  const localPart = foldLocalPart(path.localPart)
  const searchable = isSearchable(path.domain)
  const holds = (pattern: string) => mailboxMatches(pattern, localPart, path.domain, searchable)
  return set.some(({ pattern, except }) => holds(pattern) && !except.some(holds))
}

function mailboxMatches(pattern: string, localPart: string, domain: string, searchable: boolean): boolean {
  if (pattern === '<>') return false
  // The last one, as a quoted local part may hold an `@` or begin with `*.`, and a domain holds neither.
  const at = pattern.lastIndexOf('@')
  if (at >= 0 && pattern.slice(0, at) !== localPart) return false
  const domains = pattern.slice(at + 1)
  if (domains === '*') return true
  if (!searchable) return false
  return domains.startsWith('*.') ? domain.endsWith(domains.slice(1)) : domain === domains
}
