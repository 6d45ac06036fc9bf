import type { Document } from '../../config/document.ts'
import { checkDnsbl } from '../../dns/dnsbl-health.ts'
import type { FetchPolicy } from '../../dns/mta-sts/fetch.ts'
import type { CachingResolver } from '../../dns/resolver.ts'
import { storedDomain } from '../../mail/domain.ts'
import { checkDkim, type DkimSelector } from './dkim.ts'
import { type DnsReport, type Finding, findings } from './finding.ts'
import { askForwards } from './forward.ts'
import { inTurn } from './in-turn.ts'
import { listFinding } from './lists.ts'
import { askSts, compareSts } from './mta-sts.ts'
import { askMx, compareMx } from './mx.ts'
import { greetedNames, type Ours, oursOf } from './ours.ts'
import { askReverse, compareReverse } from './reverse.ts'
import { askSpf, compareSpf } from './spf-finding.ts'
import { checkTlsa } from './tlsa.ts'
import { askTlsrpt, compareTlsrpt } from './tlsrpt.ts'

/** Domains, addresses or lists that are asked about at one moment. */
const atOnce = 16

export type DnsCheck = {
  readonly document: Document
  readonly resolver: CachingResolver
  readonly fetch: FetchPolicy
  /** Keys that somebody signs mail of our domains with: no document names them. */
  readonly selectors: readonly DkimSelector[]
}

/**
 * Compares what the DNS says of us with what the document does. The name servers of `resolver` are asked, and the servers
 * of the MTA-STS policies of our domains.
 */
export async function checkDns(check: DnsCheck): Promise<DnsReport> {
  const { document, resolver, selectors } = check
  const ours = oursOf(document, await askForwards(resolver, greetedNames(document)))
  const reverses = await inTurn(ours.known, atOnce, async (address) =>
    compareReverse(
      await askReverse(resolver, address),
      ours.greetings.filter((one) => one.address === address).map(({ hostname }) => hostname),
    ),
  )
  const domains = await inTurn([...new Set(document.domains.map(({ pattern }) => pattern))], atOnce, (pattern) =>
    domainFindings(check, pattern, ours),
  )
  const keys = await inTurn(selectors, atOnce, (selector) => checkDkim(resolver, selector))
  const tlsa = await checkTlsa(document, resolver)
  const lists = await inTurn(document.dnsbl, atOnce, async (list) =>
    listFinding(list.zone, await checkDnsbl(resolver, list)),
  )
  return {
    findings: [...ours.findings, ...reverses.flat(), ...domains.flat(), ...keys, ...tlsa, ...lists],
    assumed: ours.assumed,
  }
}

async function domainFindings({ resolver, fetch }: DnsCheck, pattern: string, ours: Ours): Promise<readonly Finding[]> {
  if (pattern.startsWith('[')) {
    return [findings('mx', pattern, 'a domain')('skipped', 'an address literal, which has no records')]
  }
  if (pattern.includes('*')) {
    return [findings('mx', pattern, 'a domain')('skipped', 'a pattern: no single name to ask for')]
  }
  const domain = storedDomain(pattern)
  const [mx, spf, sts, tlsrpt] = await Promise.all([
    askMx(resolver, domain),
    askSpf(resolver, domain, ours.senders),
    askSts(resolver, fetch, domain),
    askTlsrpt(resolver, domain),
  ])
  return [
    compareMx(mx, ours),
    compareSpf(pattern, spf, ours.senders),
    ...compareSts(pattern, sts, mx.records),
    ...compareTlsrpt(pattern, tlsrpt),
  ]
}
