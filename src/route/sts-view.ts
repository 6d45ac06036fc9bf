import type { StsFinding } from '../dns/mta-sts/mta-sts.ts'
import type { StsPolicyView } from '../mail/hop-view.ts'

/** What is known of a domain's MTA-STS (RFC 8461), for people. */
export function stsPolicyView(finding: StsFinding): StsPolicyView {
  if (finding.kind === 'none') {
    const { problem } = finding
    const state = problem === null ? 'none' : 'unknown'
    return { state, id: null, mx: [], expiresAt: null, why: problem?.why ?? null }
  }
  const { policy, id } = finding.known
  const state = policy.mode === 'none' ? 'off' : policy.mode
  return { state, id, mx: policy.mx, expiresAt: finding.expiresAt, why: null }
}
