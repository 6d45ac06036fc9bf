import { createHash } from 'node:crypto'
import type { Answer, MxRecord } from '../../dns/answer.ts'
import { policyLines, type StsPolicy } from '../../dns/mta-sts/policy.ts'
import { compareSts, type StsPublished } from '../check-dns/mta-sts.ts'
import type { Planned, PlannedRecord } from './planned.ts'

export type StsPlanParts = {
  readonly domain: string
  readonly published: StsPublished
  readonly records: Answer<readonly string[]>
  readonly mx: Answer<readonly MxRecord[]>
  /** MX that the domain should have. */
  readonly names: readonly string[]
  /** Every listener that takes mail of others offers TLS: a policy is a promise that all of them do. */
  readonly offersTls: boolean
}

/** A week: long enough that who hides the policy for a while gains nothing (RFC 8461 §10.2). */
const maxAgeMs = 7 * 86_400_000

/** MTA-STS (RFC 8461): the record, whose id changes with the policy, and the policy itself. */
export function planSts({ domain, published, records, mx, names, offersTls }: StsPlanParts): Planned {
  const texts = records.kind === 'found' ? records.value.filter((text) => /^v=STSv1\b/i.test(text)) : []
  const record = (state: PlannedRecord['state'], wanted: readonly string[], why: string): PlannedRecord => ({
    name: `_mta-sts.${domain}`,
    type: 'TXT',
    state,
    wanted,
    published: records.kind === 'failed' ? null : texts,
    why,
  })
  const [finding] = compareSts(domain, published, mx)
  if (published.kind === 'unknown') return { records: [record('cannot tell', [], published.why)], files: [] }
  if (finding?.level === 'ok' || finding?.level === 'cannot tell') {
    const state = finding.level === 'ok' ? 'published' : 'cannot tell'
    return { records: [record(state, texts, finding.came)], files: [] }
  }
  if (published.kind === 'absent' && !offersTls) return { records: [], files: [] }
  const mode = published.kind === 'policy' ? published.policy.mode : 'testing'
  const policy: StsPolicy = { mode, mx: hostsOf(mx, names), maxAgeMs }
  const state = published.kind === 'absent' ? 'suggest' : 'change'
  const why = finding?.came ?? 'senders insist on TLS with a certificate of the MX; begin with mode testing'
  return {
    records: [record(state, [`v=STSv1; id=${idOf(policy)}`], why)],
    files: [
      {
        url: `https://mta-sts.${domain}/.well-known/mta-sts.txt`,
        state,
        text: `${policyLines(policy).join('\r\n')}\r\n`,
        why: 'text/plain, with a certificate of the name that public authorities vouch for, and no redirect',
      },
    ],
  }
}

/** All MX that there are, and ours: a policy without one of them keeps mail from it. */
function hostsOf(mx: Answer<readonly MxRecord[]>, names: readonly string[]): readonly string[] {
  const there = mx.kind === 'found' ? mx.value.map(({ exchange }) => exchange).filter((name) => name !== '') : []
  return [...new Set([...there, ...names])].sort()
}

/** The same for the same policy, another one for any other (RFC 8461 §3.1: up to 32 letters and digits). */
const idOf = (policy: StsPolicy): string =>
  createHash('sha256').update(policyLines(policy).join('\n')).digest('hex').slice(0, 20)
