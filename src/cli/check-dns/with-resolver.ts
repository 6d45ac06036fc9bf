import { randomInt } from 'node:crypto'
import type { Document } from '../../config/document.ts'
import { type FetchPolicy, policyFetcher } from '../../dns/mta-sts/fetch.ts'
import { type CachingResolver, createResolver } from '../../dns/resolver.ts'
import { readAuthorities } from '../../gateway/authorities.ts'
import { systemClock } from '../../mail/clock.ts'
import { silentLog } from '../../mail/log.ts'
import { checkDns } from './check-dns.ts'
import type { DkimSelector } from './dkim.ts'
import type { DnsReport } from './finding.ts'

/** For a whole answer of a policy's server. */
const fetchMs = 10_000

export type Asking = {
  readonly resolver: CachingResolver
  readonly fetch: FetchPolicy
  /** What the answers rest on and no document says. */
  readonly assumed: readonly string[]
}

/** Work with the name servers that the document names, which are those that its gateway would ask. */
export async function withResolver<T>(document: Document, work: (asking: Asking) => Promise<T>): Promise<T> {
  const { mtaSts } = document.tlsPolicy ?? {}
  const port = typeof mtaSts === 'object' ? mtaSts.port : 443
  // The file is one of the gateway, and the desk may well not have it.
  const read = await readAuthorities(document)
  const ca = read.ok ? read.value : undefined
  const assumed = read.ok ? [] : [`servers of policies are held against the usual authorities alone (${read.error})`]
  const resolver = createResolver({
    settings: document.resolver,
    clock: systemClock,
    random: randomInt,
    log: silentLog,
  })
  const fetch = policyFetcher(resolver, () => ({ port, timeoutMs: fetchMs, ...(ca === undefined ? {} : { ca }) }))
  try {
    return await work({ resolver, fetch, assumed })
  } finally {
    resolver.close()
  }
}

export const dnsReport = (document: Document, selectors: readonly DkimSelector[]): Promise<DnsReport> =>
  withResolver(document, async ({ assumed, ...asking }) => {
    const report = await checkDns({ ...asking, document, selectors })
    return { ...report, assumed: [...report.assumed, ...assumed] }
  })
