import { isIP } from 'node:net'
import type { MtaSts, StsFinding } from '../../dns/mta-sts/mta-sts.ts'
import { allowsMx, policyLines } from '../../dns/mta-sts/policy.ts'
import type { CachingResolver } from '../../dns/resolver.ts'
import type { NextHop } from '../../mail/next-hop.ts'
import { assertNever } from '../../mail/result.ts'
import type { TlsLevel } from '../../mail/settings.ts'
import { isExcepted } from '../../mail/tls-policy-settings.ts'
import type { HostToTry } from '../../route/hosts.ts'
import { type DaneFinding, findDane, tlsaText } from './dane.ts'
import {
  type FindPolicies,
  type HopPolicies,
  type HostPolicy,
  levelOf,
  type PublishedPolicy,
  policyOfLevel,
  type TlsPolicy,
} from './policy.ts'
import { isNameSure, relaxed, required } from './require-tls.ts'

export type FinderOptions = {
  readonly resolver: Pick<CachingResolver, 'mx' | 'addresses' | 'tlsa'>
  readonly sts: Pick<MtaSts, 'find'>
  /** Of the active graph. */
  readonly settings: () => {
    readonly dane: boolean
    readonly mtaSts: boolean
    /** Domain patterns whose owners are not asked. */
    readonly except?: readonly string[]
  }
}

/**
 * Decides what TLS each host of a next hop must have. In this order: `verify` or `off` of the route; DANE; MTA-STS;
 * `encrypt` of the route; opportunistic. A level of the route is a floor: what the owner of the host has published can
 * only raise it. What the mail itself says comes on top of that (`require-tls.ts`).
 */
export function policyFinder({ resolver, sts, settings }: FinderOptions): FindPolicies {
  return async (nextHop) => {
    const level = levelOf(nextHop)
    const { tlsNeed } = nextHop
    if (nextHop.kind === 'maildir' || tlsNeed === 'optional') return always(relaxed(level))
    const isSettled = level === 'off' || level === 'verify'
    if (isSettled && tlsNeed === undefined) return ofLevel[level]
    const { dane, mtaSts, except } = settings()
    const domains = new Set([...policyDomains(nextHop)].filter((domain) => !isExcepted(domain, except)))
    if (domains.size === 0 && tlsNeed === undefined) return ofLevel[level]
    // Begun now, so that it takes no longer than the addresses, which are looked up at the same moment.
    const promised = new Map<string, Promise<StsFinding>>()
    if (mtaSts) for (const domain of domains) promised.set(domain, sts.find(domain))
    const find = async (host: HostToTry): Promise<HostPolicy> => {
      const domain = nextHop.kind === 'mx' ? nextHop.domain : host.name
      if (isSettled || !domains.has(domain)) return { kind: 'policy', policy: policyOfLevel(level) }
      const [ofHost, ofDomain] = await Promise.all([
        dane ? findDane(host.name, host.port, resolver) : ({ kind: 'none' } as const),
        promised.get(domain) ?? ({ kind: 'none', problem: null } as const),
      ])
      return decide({ level, host, domain, dane: ofHost, sts: ofDomain })
    }
    if (tlsNeed === undefined) return { of: find }
    return {
      async of(host) {
        const sure = await isNameSure(nextHop, host, resolver, promised)
        return required(await find(host), host, sure)
      },
    }
  }
}

const always = (policy: TlsPolicy): HopPolicies => {
  const answer: HostPolicy = { kind: 'policy', policy }
  return { of: async () => answer }
}

/** What a level alone gives, made once. */
const ofLevel: Readonly<Record<TlsLevel, HopPolicies>> = {
  off: always(policyOfLevel('off')),
  may: always(policyOfLevel('may')),
  encrypt: always(policyOfLevel('encrypt')),
  verify: always(policyOfLevel('verify')),
}

/** Whose policies count: the domain of an MX; of hosts that the document names, each of them (RFC 8461 §3.4). */
export function policyDomains(nextHop: NextHop): ReadonlySet<string> {
  switch (nextHop.kind) {
    case 'mx':
      return new Set(isPublic(nextHop.domain) ? [nextHop.domain] : [])
    case 'relay':
      return new Set(nextHop.relay.hosts.map(({ host }) => host).filter(isPublic))
    case 'hosts':
      return new Set(nextHop.hosts.map(({ host }) => host).filter(isPublic))
    case 'maildir':
      return new Set()
    default:
      return assertNever(nextHop)
  }
}

/** Nobody publishes anything for an address, a name without a dot, or this machine. */
const isPublic = (name: string): boolean =>
  isIP(name) === 0 && !name.startsWith('[') && name.includes('.') && !name.endsWith('.localhost')

type Known = {
  readonly level: TlsLevel
  readonly host: HostToTry
  readonly domain: string
  readonly dane: DaneFinding
  readonly sts: StsFinding
}

/** What follows of all that is known of one host. */
function decide(known: Known): HostPolicy {
  const { dane, host } = known
  switch (dane.kind) {
    case 'failed':
      // Whoever can make one lookup fail would otherwise have switched DANE off (RFC 7672 §2.1).
      return {
        kind: 'unusable',
        status: '4.7.5',
        why: `the TLSA records of ${dane.base} cannot be looked up, and clear text would be a downgrade: ${dane.why}`,
        failure: { type: 'dnssec-invalid', detail: dane.why },
        published: { type: 'tlsa', domain: known.domain, text: [], mx: [host.name] },
        forGood: false,
      }
    case 'verify':
      return {
        kind: 'policy',
        policy: {
          level: 'verify',
          by: 'dane',
          why: `TLSA records of _${host.port}._tcp.${dane.base}`,
          proof: { kind: 'dane', records: dane.records, names: [...new Set([dane.base, known.domain])] },
          serverName: dane.base,
          requireTls: false,
          flaw: null,
          published: tlsaPublished(known, dane),
        },
      }
    case 'encrypt': {
      const other = ofSts(known)
      if (other !== null && (other.kind === 'unusable' || other.policy.level === 'verify')) return other
      return {
        kind: 'policy',
        policy: {
          ...policyOfLevel('encrypt'),
          by: 'dane',
          why: `none of the TLSA records of _${host.port}._tcp.${dane.base} can be used: encrypted, to whoever answers`,
          flaw: { type: 'tlsa-invalid', detail: 'no usable TLSA record' },
          published: tlsaPublished(known, dane),
        },
      }
    }
    case 'none':
      return ofSts(known) ?? { kind: 'policy', policy: unpublished(known) }
    default:
      return assertNever(dane)
  }
}

const tlsaPublished = (
  { domain }: Known,
  { base, records }: Extract<DaneFinding, { kind: 'verify' | 'encrypt' }>,
): PublishedPolicy => ({ type: 'tlsa', domain, text: records.map(tlsaText), mx: [base] })

/** What MTA-STS makes of it; `null`: no policy, or one of mode `none`. */
function ofSts(known: Known): HostPolicy | null {
  const { sts, host, domain } = known
  if (sts.kind === 'none') {
    if (sts.problem === null) return null
    const { type, why } = sts.problem
    const published: PublishedPolicy = { type: 'sts', domain, text: [], mx: [] }
    return { kind: 'policy', policy: { ...unpublished(known), flaw: { type, detail: why }, published } }
  }
  const { policy } = sts.known
  if (policy.mode === 'none') return null
  const published: PublishedPolicy = { type: 'sts', domain, text: policyLines(policy), mx: policy.mx }
  const isListed = allowsMx(policy, host.name)
  const unlisted = {
    type: 'validation-failure',
    detail: `${host.name} is no MX host of the MTA-STS policy of ${domain} (${policy.mx.join(', ')})`,
  } as const
  if (policy.mode === 'testing') {
    return {
      kind: 'policy',
      policy: {
        ...unpublished(known),
        why: `the MTA-STS policy of ${domain} is in testing mode: looked at, not enforced`,
        proof: { kind: 'pkix' },
        flaw: isListed ? null : unlisted,
        published,
      },
    }
  }
  if (!isListed)
    return { kind: 'unusable', status: '4.7.1', why: unlisted.detail, failure: unlisted, published, forGood: false }
  return {
    kind: 'policy',
    policy: {
      ...policyOfLevel('verify'),
      by: 'mta-sts',
      why: `MTA-STS policy ${sts.known.id} of ${domain}, mode enforce`,
      published,
    },
  }
}

/** Nobody has published anything: the route's level is all there is. */
const unpublished = ({ level, domain }: Known): TlsPolicy => ({
  ...policyOfLevel(level),
  published: { type: 'no-policy-found', domain, text: [], mx: [] },
})
