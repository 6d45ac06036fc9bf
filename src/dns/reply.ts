import { Packet } from 'dns2'
import type { Found } from './inquiry.ts'
import type { Question } from './query.ts'
import type { Resource } from './record-type.ts'
import { scan } from './scan.ts'

/**
 * What one reply of one server means:
 *   found      records of the type, at the name or at the end of its aliases
 *   none       no such name, or no such record there. `denied` is the name that does not exist, `null` for NODATA
 *   alias      the reply ends at another name, which has to be asked for
 *   truncated  ask again by TCP (RFC 2181 §9: what is in it counts for nothing)
 *   no-edns    the server does not understand EDNS (RFC 6891 §7)
 *   useless    no answer: an error, a referral, or a contradiction. Says nothing about the name
 * `ttlMs` is 0 for what may not be kept.
 */
export type Reply =
  | Found
  | { readonly kind: 'none'; readonly denied: string | null; readonly ttlMs: number; readonly secure: boolean }
  | {
      readonly kind: 'alias'
      readonly name: string
      readonly hops: number
      readonly ttlMs: number
      readonly secure: boolean
    }
  | { readonly kind: 'truncated' }
  | { readonly kind: 'no-edns'; readonly why: string }
  | { readonly kind: 'useless'; readonly why: string }

/** RFC 1034 §3.6.2 wants chains short; longer ones are mistakes or attacks. */
export const maxAliases = 8

const dname = 39
const rcodes = Packet.RCODE
const types = Packet.TYPE

/** Reads a message that `answers` its query. Never throws, whatever the octets. */
export function readReply(message: Buffer, question: Question): Reply {
  // Truncated messages may end anywhere, so this comes before the walk.
  if ((message[2]! & 2) !== 0) return { kind: 'truncated' }
  const problem = scan(message)
  if (problem !== null) return useless(`malformed reply: ${problem}`)
  const packet = Packet.parse(message)
  const { rcode } = packet.header
  if (rcode === rcodes.FORMERR || rcode === rcodes.NOTIMP || rcode === rcodes.BADVERS) {
    return { kind: 'no-edns', why: rcodeName(rcode) }
  }
  if (rcode !== rcodes.NOERROR && rcode !== rcodes.NXDOMAIN) return useless(rcodeName(rcode))
  // Records that could not be decoded are left out: what remains of an answer is not the answer.
  const broken = packet.errors.find((error) => error.section === 'questions' || error.section === 'answers')
  if (broken !== undefined) return useless('malformed reply: a record that cannot be read')
  return conclude(packet, question, rcode === rcodes.NXDOMAIN)
}

function conclude(packet: Packet, question: Question, nxdomain: boolean): Reply {
  const secure = (packet.header as { ad?: number }).ad === 1
  const answers = packet.answers.filter((record) => record.class === Packet.CLASS.IN)
  const chain = follow(answers, question.name)
  if (chain === null) return useless('the aliases form a loop')
  if (chain.hops > maxAliases) return useless(`more than ${maxAliases} aliases`)

  const owned = answers.filter(({ name, type }) => type === question.type.code && same(name, chain.name))
  if (owned.length > 0) {
    if (nxdomain) return useless('a reply that says both "no such name" and its records')
    const values: unknown[] = []
    for (const record of owned) {
      const value = question.type.read(record)
      if (value === null) return useless(`malformed reply: a ${question.type.name} record that cannot be read`)
      values.push(value)
    }
    const ttlMs = Math.min(chain.ttlMs, ...owned.map(ttlOf))
    return { kind: 'found', values, ttlMs, secure, ...(chain.hops === 0 ? {} : { owner: chain.name }) }
  }

  // What is left over must belong to the aliases. Anything else is the answer to another question or of another class,
  // and an absence concluded from it would bounce mail.
  const explained = (record: Resource) =>
    record.class === Packet.CLASS.IN &&
    (record.type === types.CNAME || record.type === dname || record.type === types.RRSIG)
  if (!packet.answers.every(explained) || (chain.hops === 0 && packet.answers.length > 0)) {
    return useless('a reply with records that were not asked for')
  }
  return absence(packet, chain, nxdomain, secure)
}

/** RFC 2308 §2: NXDOMAIN and NODATA, told from a referral by their SOA. */
function absence(packet: Packet, chain: Chain, nxdomain: boolean, secure: boolean): Reply {
  const authority = packet.authorities.filter((record) => record.class === Packet.CLASS.IN)
  const soa = authority.find((record) => record.type === types.SOA)
  // Without an SOA the answer holds but may not be kept (RFC 2308 §5).
  const negativeMs = soa === undefined ? 0 : Math.min(ttlOf(soa), (soa.minimum ?? 0) * 1000)
  const ttlMs = Math.min(chain.ttlMs, negativeMs)
  // The code speaks of the last name of the chain (RFC 6604 §3).
  if (nxdomain) return { kind: 'none', denied: chain.name, ttlMs, secure }
  if (soa !== undefined) return { kind: 'none', denied: null, ttlMs, secure }
  // The server knows the alias and nothing of its target, which may be in a zone of somebody else.
  if (chain.hops > 0) return { kind: 'alias', name: chain.name, hops: chain.hops, ttlMs: chain.ttlMs, secure }
  const referral = packet.header.aa === 0 && authority.some((record) => record.type === types.NS)
  if (referral) return useless('a referral: the server does not resolve for us')
  return { kind: 'none', denied: null, ttlMs: 0, secure }
}

type Chain = { readonly name: string; readonly hops: number; readonly ttlMs: number }

/** Follows CNAMEs from `start` (RFC 1034 §3.6.2); `null` for a loop. */
function follow(records: readonly Resource[], start: string): Chain | null {
  const aliases = new Map<string, Resource>()
  for (const record of records) {
    if (record.type === types.CNAME) aliases.set(record.name.toLowerCase(), record)
  }
  const seen = new Set([start])
  let name = start
  let ttlMs = Number.POSITIVE_INFINITY
  for (let alias = aliases.get(name); alias !== undefined; alias = aliases.get(name)) {
    name = (alias.domain ?? '').toLowerCase()
    ttlMs = Math.min(ttlMs, ttlOf(alias))
    if (seen.has(name)) return null
    seen.add(name)
  }
  return { name, hops: seen.size - 1, ttlMs }
}

/** RFC 2181 §8: 31 bits; a value beyond counts as 0 (the codec has clamped it). */
const ttlOf = ({ ttl }: Resource): number => (ttl >= 0x7fffffff ? 0 : ttl * 1000)

const same = (a: string, b: string): boolean => a.toLowerCase() === b

const useless = (why: string): Reply => ({ kind: 'useless', why })

function rcodeName(rcode: number): string {
  return Object.entries(rcodes).find(([, code]) => code === rcode)?.[0] ?? `RCODE ${rcode}`
}
