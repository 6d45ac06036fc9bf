import type { TlsaRecord } from '../../dns/record-type.ts'
import type { NextHop } from '../../mail/next-hop.ts'
import type { TlsLevel } from '../../mail/settings.ts'
import type { HostToTry } from '../../route/hosts.ts'

/** Who decided how much TLS one host of one next hop must have. */
export type DecidedBy = 'route' | 'dane' | 'mta-sts' | 'opportunistic' | 'requiretls' | 'tls-required-no'

/**
 * What a certificate is held against.
 * pkix   a chain to an authority that we trust, and the name of the host (RFC 6125)
 * dane   TLSA records; `names` count for usage 2 alone, as usage 3 means the very certificate (RFC 7672 §3.1)
 */
export type Proof =
  | { readonly kind: 'pkix' }
  | { readonly kind: 'dane'; readonly records: readonly TlsaRecord[]; readonly names: readonly string[] }

/** As a report by RFC 8460 §4.4 names a policy. */
export type PublishedPolicy = {
  readonly type: 'tlsa' | 'sts' | 'no-policy-found'
  readonly domain: string
  readonly text: readonly string[]
  readonly mx: readonly string[]
}

/** What holds for one host, decided before anybody connects to it. */
export type TlsPolicy = {
  readonly level: TlsLevel
  readonly by: DecidedBy
  /** For people: where it comes from. */
  readonly why: string
  /** At level `verify` the certificate must pass; below it, what comes of it is only counted. `null`: not looked at. */
  readonly proof: Proof | null
  /** Sent as SNI, and what `pkix` compares; `null`: the host's name. */
  readonly serverName: string | null
  /** The host must offer REQUIRETLS (RFC 8689 §4.2.1). */
  readonly requireTls: boolean
  /** A fault of what is published that does not keep mail back, for reports. */
  readonly flaw: TlsFailure | null
  /** What its owner has published, for reports; `null`: nobody reports on it (a smart host's address, a level of the route). */
  readonly published: PublishedPolicy | null
}

/** The answer for one host. `unusable`: it must not be connected to now, as its policy cannot be met or not be known. */
export type HostPolicy =
  | { readonly kind: 'policy'; readonly policy: TlsPolicy }
  | {
      readonly kind: 'unusable'
      readonly status: string
      readonly why: string
      readonly failure: TlsFailure
      readonly published: PublishedPolicy | null
      /** Later it will be no better: REQUIRETLS over a way that cannot be trusted (RFC 8689 §4.2.1). */
      readonly forGood: boolean
    }

/** What holds for the hosts of one next hop. */
export type HopPolicies = { of(host: HostToTry): Promise<HostPolicy> }

/** Asked once for each new connection, together with the hosts' addresses. */
export type FindPolicies = (nextHop: NextHop) => Promise<HopPolicies>

/** Result types of RFC 8460 §4.3, and the words that go with them. */
export type TlsFailure = {
  readonly type:
    | 'starttls-not-supported'
    | 'certificate-host-mismatch'
    | 'certificate-not-trusted'
    | 'certificate-expired'
    | 'validation-failure'
    | 'tlsa-invalid'
    | 'dnssec-invalid'
    | 'dane-required'
    | 'sts-policy-fetch-error'
    | 'sts-policy-invalid'
    | 'sts-webpki-invalid'
  readonly detail: string
}

/** How TLS went with one host. `failure` is `null` when it stands and the certificate passed, or nobody looked at it. */
export type TlsResult = {
  readonly nextHop: NextHop
  readonly host: HostToTry
  readonly published: PublishedPolicy
  readonly failure: TlsFailure | null
  /** Our own address; `null` where nobody connected. */
  readonly from: string | null
}

/** What the route says, and nothing else: where no names are looked up. */
export function policyOfLevel(level: TlsLevel): TlsPolicy {
  const byRoute = level !== 'may'
  return {
    level,
    by: byRoute ? 'route' : 'opportunistic',
    why: byRoute ? `the route says ${level}` : 'no policy holds',
    proof: level === 'verify' ? { kind: 'pkix' } : null,
    serverName: null,
    requireTls: false,
    flaw: null,
    published: null,
  }
}

/** Of the next hop itself, as the document has it. */
export function levelOf(nextHop: NextHop): TlsLevel {
  if (nextHop.kind === 'relay') return nextHop.relay.tls
  return nextHop.kind === 'mx' ? nextHop.tls : 'may'
}
