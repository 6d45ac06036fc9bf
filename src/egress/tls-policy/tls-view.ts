import type { HostTlsView } from '../../mail/hop-view.ts'
import type { NextHop } from '../../mail/next-hop.ts'
import type { HostToTry } from '../../route/hosts.ts'
import { type FindPolicies, levelOf, policyOfLevel } from './policy.ts'

/** What TLS holds for one host of a next hop, for people. Absent policies: what the route says. */
export const tlsView =
  (policies: FindPolicies | undefined) =>
  async (nextHop: NextHop, host: HostToTry): Promise<HostTlsView> => {
    if (policies === undefined) {
      const { level, by, why } = policyOfLevel(levelOf(nextHop))
      return { kind: 'policy', level, by, why }
    }
    const found = await (await policies(nextHop)).of(host)
    if (found.kind === 'unusable') return { kind: 'unusable', status: found.status, why: found.why }
    const { level, by, why } = found.policy
    return { kind: 'policy', level, by, why }
  }
