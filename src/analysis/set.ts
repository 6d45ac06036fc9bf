import type { Box, PatternSet } from '../graph/box.ts'
import type { Claims } from '../graph/claims.ts'
import type { Outcome } from '../graph/graph.ts'
import type { Canon, CanonId } from './canon.ts'

/** A set of messages as nodes that lead to its two leaves: it is walked and divided into atoms like a graph. */
export type SetOf = (canon: Canon) => CanonId

const leafOf = (canon: Canon, value: boolean): CanonId => canon.leaf({ kind: 'leaf', is: 'member', value })

/** The clients who are internal by the claims of a graph: by login, else by certificate, else by network. */
export const internalClients =
  ({ clients, logins = [], certificates = [] }: Claims): SetOf =>
  (canon) => {
    const byNetwork = membership(canon, 'client', clients, leafOf(canon, false))
    const byCertificate = membership(canon, 'certificate', certificates, byNetwork)
    return membership(canon, 'login', logins, byCertificate)
  }

/** Those whose login makes them internal by the claims of a graph. */
export const internalLogins =
  ({ logins = [] }: Claims): SetOf =>
  (canon) =>
    membership(canon, 'login', logins, leafOf(canon, false))

/** Those who have logged in over a line that is not encrypted. */
export const clearLogins: SetOf = (canon) => {
  const loggedIn = membership(canon, 'login', [['*', true]], leafOf(canon, false))
  return canon.choice('tls', [['tls', leafOf(canon, false)]], loggedIn)
}

export const nobody: SetOf = (canon) => leafOf(canon, false)

/** The recipients who are ours by the claims of a graph, whatever their local part. */
export const ourRecipients =
  ({ domains }: Claims): SetOf =>
  (canon) =>
    membership(
      canon,
      'recipient',
      domains.map(([pattern]) => [pattern, true]),
      leafOf(canon, false),
    )

function membership(
  canon: Canon,
  on: 'client' | 'certificate' | 'login' | 'recipient',
  rows: readonly (readonly [string, boolean, ...unknown[]])[],
  otherwise: CanonId,
): CanonId {
  const labels = Int32Array.from(rows, ([, isIn]) => leafOf(canon, isIn))
  return canon.table(on, rows, labels, otherwise)
}

/** The messages of a box. */
export const boxSet =
  (box: Box): SetOf =>
  (canon) => {
    const out = leafOf(canon, false)
    let inside = leafOf(canon, true)
    for (const [name, outcomes] of Object.entries(box.oracles)) {
      const to = (outcome: Outcome) => (outcomes.includes(outcome) ? inside : out)
      inside = canon.oracle(name, to('listed'), to('clear'), to('error'))
    }
    if (box.hops !== null) {
      const ranges = box.hops.map(({ over, upTo }) => [over, upTo] as const)
      inside = rangesNode(canon, 'hops', ranges, inside, out)
    }
    if (box.sizes !== null) {
      const ranges = box.sizes.map(({ overBytes, upToBytes }) => [overBytes, upToBytes] as const)
      inside = rangesNode(canon, 'size', ranges, inside, out)
    }
    if (box.recipients !== null) inside = patternsNode(canon, 'recipient', box.recipients, inside, out)
    if (box.senders !== null) inside = patternsNode(canon, 'sender', box.senders, inside, out)
    if (box.clients !== null) inside = patternsNode(canon, 'client', box.clients, inside, out)
    if (box.certificates !== undefined) inside = patternsNode(canon, 'certificate', box.certificates, inside, out)
    if (box.logins !== undefined) inside = patternsNode(canon, 'login', box.logins, inside, out)
    if (box.helos !== undefined) inside = patternsNode(canon, 'helo', box.helos, inside, out)
    if (box.tls !== undefined) inside = canon.choice('tls', [['tls', box.tls ? inside : out]], box.tls ? out : inside)
    if (box.listeners === null) return inside
    return canon.choice(
      'listener',
      box.listeners.map((name) => [name, inside] as const),
      out,
    )
  }

function rangesNode(
  canon: Canon,
  on: 'size' | 'hops',
  ranges: readonly (readonly [over: number | null, upTo: number | null])[],
  inside: CanonId,
  out: CanonId,
): CanonId {
  let node = out
  for (const [over, upTo] of ranges) {
    const below = upTo === null ? inside : canon.compare(on, upTo, node, inside)
    node = over === null ? below : canon.compare(on, over, below, node)
  }
  return node
}

type PatternFact = 'client' | 'certificate' | 'login' | 'helo' | 'sender' | 'recipient'

/** Parts one after the other: what is not in one may be in the next. Those that are only a pattern are one table. */
function patternsNode(canon: Canon, on: PatternFact, parts: PatternSet, inside: CanonId, out: CanonId): CanonId {
  const isPlain = ({ pattern, except }: PatternSet[number]) =>
    except.length === 0 && !isLocalAtMany(pattern) && !pattern.startsWith('<')
  const plain = new Set(parts.filter(isPlain).map(({ pattern }) => pattern))
  let node = tableTo(canon, on, [...plain], inside, out)
  for (const { pattern, except } of parts) {
    if (plain.has(pattern) && except.length === 0) continue
    const others = node
    const many = except.filter(isLocalAtMany)
    let kept = tableTo(
      canon,
      on,
      except.filter((one) => !isLocalAtMany(one)),
      others,
      inside,
    )
    for (const one of many) kept = localAt(canon, on, one, others, kept)
    node = isLocalAtMany(pattern)
      ? localAt(canon, on, pattern, kept, others)
      : tableTo(canon, on, [pattern], kept, others)
  }
  return node
}

/** A local part at a pattern of domains, such as `a@*.b`. */
const isLocalAtMany = (pattern: string): boolean => {
  const at = pattern.lastIndexOf('@')
  return at >= 0 && pattern.slice(at + 1).startsWith('*')
}

function localAt(canon: Canon, on: string, pattern: string, yes: CanonId, no: CanonId): CanonId {
  if (on !== 'recipient') throw new Error(`${pattern}: a local part at many domains is said of recipients only`)
  const at = pattern.lastIndexOf('@')
  const domains = tableTo(canon, 'recipient', [pattern.slice(at + 1)], yes, no)
  return canon.table('local-part', [[pattern.slice(0, at)]], Int32Array.of(domains), no)
}

function tableTo(canon: Canon, on: PatternFact, patterns: readonly string[], to: CanonId, otherwise: CanonId): CanonId {
  if (patterns.length === 0) return otherwise
  const rows = [...new Set(patterns)].sort().map((pattern) => [pattern] as const)
  return canon.table(on, rows, new Int32Array(rows.length).fill(to), otherwise)
}
