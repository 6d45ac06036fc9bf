import { join } from 'node:path'
import { policyFetcher } from '../dns/mta-sts/fetch.ts'
import { type MtaSts, openMtaSts, type StsView } from '../dns/mta-sts/mta-sts.ts'
import { policyFiles } from '../dns/mta-sts/stored.ts'
import type { CachingResolver } from '../dns/resolver.ts'
import { policyFinder } from '../egress/tls-policy/finder.ts'
import type { FindPolicies } from '../egress/tls-policy/policy.ts'
import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import type { Live } from './live.ts'

export type TlsPolicyParts = {
  readonly stateDir: string
  readonly live: () => Live
  readonly resolver: CachingResolver
  readonly clock: Clock
  readonly log: Log
}

/** What the owners of other hosts demand of TLS towards them, kept in `<stateDir>/mta-sts`. */
export type RunningTlsPolicy = {
  readonly find: FindPolicies
  /** The MTA-STS policies that are known. */
  policies(): readonly StsView[]
  /** What holds for one domain, for operators; `null`: the document wants none of it. */
  stsOf(domain: string): Promise<Awaited<ReturnType<MtaSts['find']>> | null>
  close(): void
}

/** For a whole answer of a policy's server. RFC 8461 §3.3 suggests a minute; mail waits meanwhile. */
const fetchMs = 10_000

export async function startTlsPolicy(parts: TlsPolicyParts): Promise<RunningTlsPolicy> {
  const { stateDir, live, resolver, clock, log } = parts
  const settings = () => {
    const { mtaSts = { port: 443 }, dane } = live().control.tlsPolicy ?? {}
    return { dane: dane !== false, mtaSts: mtaSts !== false, port: mtaSts === false ? 443 : mtaSts.port }
  }
  const fetch = policyFetcher(resolver, () => {
    const { ca } = live().smtp
    return { port: settings().port, timeoutMs: fetchMs, ...(ca === undefined ? {} : { ca }) }
  })
  const sts = await openMtaSts({
    resolver,
    fetch,
    files: policyFiles(join(stateDir, 'mta-sts'), log),
    clock,
    log,
  })
  return {
    find: policyFinder({ resolver, sts, settings }),
    policies: sts.list,
    stsOf: async (domain) => (settings().mtaSts ? await sts.find(domain) : null),
    close: sts.close,
  }
}
