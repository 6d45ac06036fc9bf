import type { PublishedPolicy, TlsResult } from '../../egress/tls-policy/policy.ts'

/** Sessions with hosts whose owners could have published a policy, by what they had, since the start. */
export type TlsSessions = Readonly<Record<PublishedPolicy['type'], { readonly ok: number; readonly failed: number }>>

export function countTlsSessions(): { count(result: TlsResult): void; readonly totals: TlsSessions } {
  const totals = {
    tlsa: { ok: 0, failed: 0 },
    sts: { ok: 0, failed: 0 },
    'no-policy-found': { ok: 0, failed: 0 },
  }
  return {
    totals,
    count: ({ published, failure }) => void totals[published.type][failure === null ? 'ok' : 'failed']++,
  }
}
