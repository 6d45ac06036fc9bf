import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { policyFetcher } from '../dns/mta-sts/fetch.ts'
import { type MtaSts, openMtaSts, type StsView } from '../dns/mta-sts/mta-sts.ts'
import { policyFiles } from '../dns/mta-sts/stored.ts'
import type { CachingResolver } from '../dns/resolver.ts'
import { policyFinder } from '../egress/tls-policy/finder.ts'
import type { FindPolicies, TlsResult } from '../egress/tls-policy/policy.ts'
import type { Clock } from '../mail/clock.ts'
import type { IpAddress } from '../mail/ip.ts'
import type { Log } from '../mail/log.ts'
import { parseMailbox } from '../mail/path.ts'
import type { Inlet } from '../queue/intake.ts'
import type { Live } from './live.ts'
import { postReport } from './tls-reports/post.ts'
import { openTlsReports, type Reporting, type TlsReports } from './tls-reports/tls-reports.ts'
import { countTlsSessions, type TlsSessions } from './tls-reports/tls-sessions.ts'

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
  /** Hears how TLS went with each host. */
  readonly seen: (result: TlsResult) => void
  sessions(): TlsSessions
  reports(): ReturnType<TlsReports['sent']>
  /** Begins to send reports, through this queue. */
  concern(inlet: Inlet, denied: (address: IpAddress) => string | null): Promise<void>
  /** The MTA-STS policies that are known. */
  policies(): readonly StsView[]
  /** What holds for one domain, for operators; `null`: the document wants none of it. */
  stsOf(domain: string): Promise<Awaited<ReturnType<MtaSts['find']>> | null>
  close(): Promise<void>
}

/** For a whole answer of a policy's server. RFC 8461 §3.3 suggests a minute; mail waits meanwhile. */
const fetchMs = 10_000

export async function startTlsPolicy(parts: TlsPolicyParts): Promise<RunningTlsPolicy> {
  const { stateDir, live, resolver, clock, log } = parts
  const settings = () => {
    const { mtaSts = { port: 443 }, dane, except = [] } = live().control.tlsPolicy ?? {}
    return { except, dane: dane !== false, mtaSts: mtaSts !== false, port: mtaSts === false ? 443 : mtaSts.port }
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
  const sessions = countTlsSessions()
  let reports: TlsReports | null = null
  return {
    seen(result) {
      sessions.count(result)
      reports?.count(result)
    },
    sessions: () => sessions.totals,
    reports: () => reports?.sent() ?? { sent: 0, failed: 0 },
    async concern(inlet, denied) {
      reports = await openTlsReports({
        file: join(stateDir, 'tls-reports.ndjson'),
        reporting: () => reportingOf(live()),
        resolver,
        inlet,
        post: (url, gzip) => {
          const { ca } = live().smtp
          return postReport(url, gzip, { resolver, denied, ...(ca === undefined ? {} : { ca }) })
        },
        clock,
        random: randomInt,
        log,
      })
    },
    find: policyFinder({ resolver, sts, settings }),
    policies: sts.list,
    stsOf: async (domain) => (settings().mtaSts ? await sts.find(domain) : null),
    async close() {
      sts.close()
      await reports?.close()
    },
  }
}

function reportingOf({ control, postmaster, hash }: Live): Reporting | null {
  const { tlsReports, hostname } = control
  if (tlsReports === undefined) return null
  const { contact, organization } = tlsReports
  const from = parseMailbox(tlsReports.from)
  return { from: from.ok ? from.value : postmaster, contact, organization, hostname, graphHash: hash }
}
