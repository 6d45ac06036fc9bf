import type { StsFinding } from '../../dns/mta-sts/mta-sts.ts'
import { allowsMx } from '../../dns/mta-sts/policy.ts'
import type { CachingResolver } from '../../dns/resolver.ts'
import type { NextHop } from '../../mail/next-hop.ts'
import type { TlsLevel } from '../../mail/settings.ts'
import type { HostToTry } from '../../route/hosts.ts'
import { type HostPolicy, policyOfLevel, type TlsPolicy } from './policy.ts'

/** `TLS-Required: No`: what owners of hosts demand does not count, what the route demands does (RFC 8689 §5). */
export function relaxed(level: TlsLevel): TlsPolicy {
  const policy = policyOfLevel(level)
  if (level !== 'may') return policy
  return { ...policy, by: 'tls-required-no', why: 'the header says TLS-Required: No' }
}

/** A host for mail that was sent with REQUIRETLS: its name is sure, its certificate is verified, and it offers the same. */
export function required(found: HostPolicy, host: HostToTry, isSure: boolean): HostPolicy {
  if (found.kind === 'unusable') return found
  const { policy } = found
  const lacking =
    policy.level === 'off'
      ? 'its route says that TLS is never used'
      : isSure
        ? null
        : `that ${host.name} is an MX host of the domain is neither signed in the DNS nor in an MTA-STS policy`
  if (lacking !== null) {
    return {
      kind: 'unusable',
      status: '5.7.10',
      why: `the sender demands REQUIRETLS, and ${lacking}`,
      failure: { type: 'validation-failure', detail: lacking },
      published: null,
      forGood: true,
    }
  }
  return {
    kind: 'policy',
    policy: {
      ...policy,
      level: 'verify',
      by: 'requiretls',
      why: policy.level === 'verify' ? `REQUIRETLS, with ${policy.why}` : 'REQUIRETLS',
      proof: policy.level === 'verify' && policy.proof !== null ? policy.proof : { kind: 'pkix' },
      requireTls: true,
    },
  }
}

/** Whether the host is really one of the domain: named by the document, by signed MX records, or by MTA-STS (RFC 8689 §4.2.1). */
export async function isNameSure(
  nextHop: NextHop,
  host: HostToTry,
  resolver: Pick<CachingResolver, 'mx'>,
  policies: ReadonlyMap<string, Promise<StsFinding>>,
): Promise<boolean> {
  if (nextHop.kind !== 'mx') return true
  const sts = await policies.get(nextHop.domain)
  if (sts?.kind === 'policy' && sts.known.policy.mode !== 'none' && allowsMx(sts.known.policy, host.name)) return true
  const answer = await resolver.mx(nextHop.domain)
  return answer.kind !== 'failed' && answer.secure === true
}
