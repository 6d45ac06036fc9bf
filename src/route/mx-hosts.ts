import type { MxRecord, Resolver } from '../dns/answer.ts'
import { isHostName } from '../dns/name.ts'
import type { Domain } from '../mail/domain.ts'
import {
  type Candidates,
  candidates,
  conclude,
  defaultMaxHosts,
  type HostsOptions,
  noCandidates,
  together,
} from './candidates.ts'
import type { HostsToTry } from './hosts.ts'
import { foundByMx } from './own-host.ts'

/** MX hosts that are looked up for one message: an answer of 64 KiB can name thousands (an amplifier for its owner). */
const maxLookups = 50
/** Looked up at one moment. */
const batch = 8

/**
 * The hosts for `domain` by RFC 5321 §5.1, nearest first, equal ones in random order:
 * - MX of the domain, at the end of its aliases; without MX the domain is its own host, but only when the DNS has said
 *   that there is none. Nobody could tell: wait (4.4.3), as whoever guesses the address delivers to the web server;
 * - null MX takes no mail (RFC 7505): 556 5.1.10. Beside other MX it means nothing;
 * - we are among them: we and all that are as far or farther than we are out. Nothing left: a loop, 5.4.6;
 * - MX that have no addresses are passed over; that MX exist rules out the domain's own address (5.4.4).
 */
export async function mxHosts(
  domain: Domain,
  port: number,
  resolver: Resolver,
  given: HostsOptions,
): Promise<HostsToTry> {
  const options = { ...given, isSelf: foundByMx(given.isSelf) }
  if (domain.startsWith('[')) {
    const address = domain.slice(1, -1).replace(/^IPv6:/i, '')
    return conclude(await candidates(address, port, resolver, options), options, nowhere(domain, '5.1.2'))
  }
  const answer = await resolver.mx(domain)
  if (answer.kind === 'failed') return { kind: 'failed', status: '4.4.3', why: answer.why }
  if (answer.kind === 'none') {
    const absent = nowhere(domain, '5.1.2')
    if (answer.nxdomain) return absent
    return conclude(await nearest([{ preference: 0, exchange: domain }], port, resolver, options), options, absent)
  }
  const named = answer.value.filter(({ exchange }) => exchange !== '')
  if (named.length === 0) {
    return { kind: 'refused', code: 556, status: '5.1.10', why: `${domain} accepts no mail (null MX)` }
  }
  const ordered = inOrder(named, options.random)
  const found = await nearest(ordered, port, resolver, options)
  return withEquals(conclude(found, options, nowhere(domain, '5.4.4')), ordered)
}

/** Names the hosts that are as near as the first one, where there are several: they share the load (RFC 5321 §5.1). */
function withEquals(answer: HostsToTry, records: readonly MxRecord[]): HostsToTry {
  if (answer.kind !== 'hosts') return answer
  const preferences = new Map(records.map(({ exchange, preference }) => [exchange, preference]))
  const nearest = preferences.get(answer.hosts[0]!.name)
  const equals = new Set(answer.hosts.map(({ name }) => name).filter((name) => preferences.get(name) === nearest))
  return equals.size > 1 ? { ...answer, equals } : answer
}

/** Looks hosts up from the nearest on, until there are enough, or until we find ourselves. */
async function nearest(
  records: readonly MxRecord[],
  port: number,
  resolver: Resolver,
  options: HostsOptions,
): Promise<Candidates> {
  const { isSelf, maxHosts = defaultMaxHosts } = options
  let far = records.find(({ exchange }) => isSelf(null, port, exchange))?.preference ?? Number.POSITIVE_INFINITY
  const found: { preference: number; candidates: Candidates }[] = []
  const near = records.filter(({ preference }) => preference < far).slice(0, maxLookups)
  let self = near.length < records.length && Number.isFinite(far)

  for (let start = 0; start < near.length; start += batch) {
    const some = near.slice(start, start + batch)
    const looked = await Promise.all(
      // What is no host name has no address: text that looks like an address, odd octets (RFC 2181 §10.3).
      some.map(({ exchange }) => (isHostName(exchange) ? candidates(exchange, port, resolver, options) : noCandidates)),
    )
    for (const [i, one] of looked.entries()) {
      const { preference } = some[i]!
      found.push({ preference, candidates: one })
      if (one.self) {
        far = Math.min(far, preference)
        self = true
      }
    }
    const enough = found.reduce((sum, one) => sum + one.candidates.hosts.length, 0) >= maxHosts
    // Hosts as near as the last one have to be seen too, for we may be among them.
    const next = near[start + batch]?.preference
    if (next === undefined || next >= far || (enough && next > some.at(-1)!.preference)) break
  }
  return { ...together(found.filter(({ preference }) => preference < far).map((one) => one.candidates)), self }
}

/** Nearest first; each name once, where it is nearest; equal ones shuffled, which spreads the load (RFC 5321 §5.1). */
function inOrder(records: readonly MxRecord[], random: (below: number) => number): MxRecord[] {
  const nearest = new Map<string, MxRecord>()
  for (const record of shuffled(records, random)) {
    const known = nearest.get(record.exchange)
    if (known === undefined || record.preference < known.preference) nearest.set(record.exchange, record)
  }
  return [...nearest.values()].sort((a, b) => a.preference - b.preference)
}

function shuffled<T>(values: readonly T[], random: (below: number) => number): T[] {
  const result = [...values]
  for (let i = result.length - 1; i > 0; i--) {
    const j = random(i + 1)
    ;[result[i], result[j]] = [result[j]!, result[i]!]
  }
  return result
}

const nowhere = (domain: Domain, status: string): HostsToTry => ({
  kind: 'refused',
  code: 550,
  status,
  why: status === '5.4.4' ? `no MX host of ${domain} has an address` : `${domain} does not exist or takes no mail`,
})
