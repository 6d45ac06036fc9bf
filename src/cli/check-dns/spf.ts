import type { Answer } from '../../dns/answer.ts'
import { isHostName } from '../../dns/name.ts'
import type { CachingResolver } from '../../dns/resolver.ts'
import { contains } from '../../dns/special-addresses.ts'
import { type Domain, storedDomain } from '../../mail/domain.ts'
import { type IpAddress, ipBytes } from '../../mail/ip.ts'
import { assertNever } from '../../mail/result.ts'
import { isSpf, parseSpf, type Qualified, type SpfDirective, type SpfMechanism } from './spf-record.ts'

/**
 * RFC 7208 §2.6, and `unknown`: the record rests on macros or `ptr`, which depend on a message or on what nobody should
 * use (§5.5), and are not followed here.
 */
export type SpfVerdict = {
  readonly result: 'none' | Qualified | 'temperror' | 'permerror' | 'unknown'
  /** The term that decided, or what is wrong. */
  readonly why: string
}

export type SpfAsked = Pick<CachingResolver, 'txt' | 'mx' | 'a' | 'aaaa'>

/** RFC 7208 §4.6.4, for the whole evaluation: it is what bounds how deep records may include each other. */
const mostLookups = 10
const mostVoids = 2
const mostMx = 10

type Query = {
  readonly resolver: SpfAsked
  readonly address: IpAddress
  readonly spent: { lookups: number; voids: number }
}

/** May `address` send for `domain`, as a receiver would find. Never rejects. */
export const evaluateSpf = (resolver: SpfAsked, domain: string, address: IpAddress): Promise<SpfVerdict> =>
  check({ resolver, address, spent: { lookups: 0, voids: 0 } }, domain)

async function check(query: Query, domain: string): Promise<SpfVerdict> {
  const answer = await query.resolver.txt(domain)
  if (answer.kind === 'failed') return { result: 'temperror', why: answer.why }
  const texts = answer.kind === 'found' ? answer.value.filter(isSpf) : []
  if (texts.length === 0) return { result: 'none', why: `${domain} has no SPF record` }
  if (texts.length > 1) return { result: 'permerror', why: `${domain} has ${texts.length} SPF records` }
  const record = parseSpf(texts[0]!)
  if (!record.ok) return { result: 'permerror', why: `${domain}: ${record.error}` }
  /** What was passed over without knowing whether it holds. */
  const open: SpfDirective[] = []
  for (const directive of record.value.directives) {
    const match = await matches(query, directive.mechanism, domain)
    if (match.kind === 'error') return match.verdict
    if (match.kind === 'unknown') open.push(directive)
    if (match.kind === 'yes') return settled({ result: directive.result, why: `${directive.text} of ${domain}` }, open)
  }
  const { redirect } = record.value
  if (redirect === null) return settled({ result: 'neutral', why: `no term of ${domain} holds` }, open)
  if (!spend(query)) return tooMany
  if (redirect.includes('%')) return { result: 'unknown', why: `redirect=${redirect} has macros` }
  const there = await check(query, redirect)
  // RFC 7208 §6.1.
  return settled(there.result === 'none' ? { result: 'permerror', why: there.why } : there, open)
}

/** A verdict stands when every term that may hold as well would have said the same. */
function settled(verdict: SpfVerdict, open: readonly SpfDirective[]): SpfVerdict {
  const other = open.find(({ result }) => result !== verdict.result)
  return other === undefined ? verdict : { result: 'unknown', why: `${other.text} is not followed here` }
}

type Match = { readonly kind: 'yes' | 'no' | 'unknown' } | { readonly kind: 'error'; readonly verdict: SpfVerdict }
const yes: Match = { kind: 'yes' }
const no: Match = { kind: 'no' }
const unknown: Match = { kind: 'unknown' }
const error = (result: 'temperror' | 'permerror', why: string): Match => ({ kind: 'error', verdict: { result, why } })

const tooMany: SpfVerdict = {
  result: 'permerror',
  why: `more than ${mostLookups} terms that have to be looked up (RFC 7208 §4.6.4)`,
}

const spend = ({ spent }: Query): boolean => ++spent.lookups <= mostLookups

async function matches(query: Query, mechanism: SpfMechanism, domain: string): Promise<Match> {
  if (mechanism.kind === 'all') return yes
  if (mechanism.kind === 'ip') return contains(mechanism, ipBytes(query.address)) ? yes : no
  if (!spend(query)) return { kind: 'error', verdict: tooMany }
  if (mechanism.kind === 'ptr') return unknown
  const target = mechanism.domain ?? domain
  if (target.includes('%')) return unknown
  switch (mechanism.kind) {
    case 'a':
      return counted(query, await hostHolds(query, target, mechanism))
    case 'mx':
      return await mxHolds(query, storedDomain(target), mechanism)
    case 'exists': {
      const answer = await query.resolver.a(target)
      return counted(query, { answer, holds: answer.kind === 'found' })
    }
    case 'include':
      return included(await check(query, target))
    default:
      return assertNever(mechanism)
  }
}

/** RFC 7208 §5.2: what an included record says of others does not end ours. */
function included(verdict: SpfVerdict): Match {
  switch (verdict.result) {
    case 'pass':
      return yes
    case 'fail':
    case 'softfail':
    case 'neutral':
      return no
    case 'unknown':
      return unknown
    case 'none':
      return error('permerror', `include: ${verdict.why}`)
    case 'temperror':
    case 'permerror':
      return { kind: 'error', verdict }
    default:
      return assertNever(verdict.result)
  }
}

type Bits = { readonly bits4: number; readonly bits6: number }
type Held = { readonly answer: Answer<unknown>; readonly holds: boolean }

/** Only the family of the sender is asked for (RFC 7208 §5). */
async function hostHolds({ resolver, address }: Query, host: string, { bits4, bits6 }: Bits): Promise<Held> {
  const is6 = address.includes(':')
  const answer = is6 ? await resolver.aaaa(host) : await resolver.a(host)
  const bytes = ipBytes(address)
  const bits = is6 ? bits6 : bits4
  const holds = answer.kind === 'found' && answer.value.some((one) => contains({ bytes: ipBytes(one), bits }, bytes))
  return { answer, holds }
}

function counted({ spent }: Query, { answer, holds }: Held): Match {
  if (answer.kind === 'failed') return error('temperror', answer.why)
  if (answer.kind === 'none' && ++spent.voids > mostVoids) {
    return error('permerror', `more than ${mostVoids} look-ups find nothing (RFC 7208 §4.6.4)`)
  }
  return holds ? yes : no
}

async function mxHolds(query: Query, domain: Domain, bits: Bits): Promise<Match> {
  const records = await query.resolver.mx(domain)
  if (records.kind !== 'found') return counted(query, { answer: records, holds: false })
  if (records.value.length > mostMx) return error('permerror', `${domain} has more than ${mostMx} MX (RFC 7208 §4.6.4)`)
  const hosts = records.value.map(({ exchange }) => exchange).filter(isHostName)
  const held = await Promise.all(hosts.map((host) => hostHolds(query, host, bits)))
  if (held.some(({ holds }) => holds)) return yes
  const failed = held.find(({ answer }) => answer.kind === 'failed')?.answer
  return failed?.kind === 'failed' ? error('temperror', failed.why) : no
}
