import type { Answer, MxRecord } from '../../dns/answer.ts'
import type { FetchPolicy } from '../../dns/mta-sts/fetch.ts'
import { allowsMx, parseStsPolicy, type StsPolicy } from '../../dns/mta-sts/policy.ts'
import { stsId } from '../../dns/mta-sts/record.ts'
import type { CachingResolver } from '../../dns/resolver.ts'
import { type Finding, findings } from './finding.ts'

/** What a domain has published of MTA-STS (RFC 8461). `absent`: nothing, which is no mistake. */
export type StsPublished =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'broken'; readonly why: string }
  | { readonly kind: 'policy'; readonly id: string; readonly policy: StsPolicy }

export async function askSts(
  resolver: Pick<CachingResolver, 'txt'>,
  fetch: FetchPolicy,
  domain: string,
): Promise<StsPublished> {
  const answer = await resolver.txt(`_mta-sts.${domain}`)
  if (answer.kind === 'failed') return { kind: 'unknown', why: answer.why }
  const records = answer.kind === 'found' ? answer.value : []
  if (!records.some((text) => /^v=STSv1\b/i.test(text))) return { kind: 'absent' }
  const id = stsId(records)
  if (id === null) return { kind: 'broken', why: `senders take the record for none: ${records.join(', ')}` }
  const fetched = await fetch(domain)
  if (fetched.kind === 'failed') return { kind: 'broken', why: fetched.why }
  const policy = parseStsPolicy(fetched.body)
  return policy.ok ? { kind: 'policy', id, policy: policy.value } : { kind: 'broken', why: policy.error }
}

/** A policy that names every MX: mail of others does not come over one that it does not name. */
export function compareSts(domain: string, sts: StsPublished, mx: Answer<readonly MxRecord[]>): readonly Finding[] {
  const finding = findings('mta-sts', domain, 'a policy that senders can fetch, with each MX of the domain')
  switch (sts.kind) {
    case 'absent':
      return []
    case 'unknown':
      return [finding('cannot tell', sts.why)]
    case 'broken':
      return [finding('problem', sts.why)]
    case 'policy':
      return [finding(...judged(sts.policy, mx))]
  }
}

function judged(policy: StsPolicy, mx: Answer<readonly MxRecord[]>): [Finding['level'], string] {
  const { mode } = policy
  if (mode === 'none') return ['ok', 'mode none: the policy is being taken back']
  if (mx.kind === 'failed') return ['cannot tell', `mode ${mode}; the MX: ${mx.why}`]
  const hosts = mx.kind === 'found' ? mx.value.map(({ exchange }) => exchange).filter((name) => name !== '') : []
  const missing = hosts.filter((host) => !allowsMx(policy, host))
  if (missing.length === 0) return ['ok', `mode ${mode}: ${policy.mx.join(', ')}`]
  const came = `mode ${mode}, without ${missing.join(', ')}: ${policy.mx.join(', ')}`
  return [mode === 'enforce' ? 'problem' : 'warning', came]
}
