import type { Document } from '../../config/document.ts'
import { checkDnsbl } from '../../dns/dnsbl-health.ts'
import type { CachingResolver } from '../../dns/resolver.ts'
import { storedDomain } from '../../mail/domain.ts'
import { type DnsReport, type Finding, findings } from './finding.ts'
import { askForwards } from './forward.ts'
import { inTurn } from './in-turn.ts'
import { listFinding } from './lists.ts'
import { askMx, compareMx } from './mx.ts'
import { greetedNames, type Ours, oursOf } from './ours.ts'
import { askReverse, compareReverse } from './reverse.ts'
import { askSpf, compareSpf } from './spf-finding.ts'

/** Domains, addresses or lists that are asked about at one moment. */
const atOnce = 16

/** Compares what the DNS says of us with what the document does. Only the name servers of `resolver` are asked. */
export async function checkDns(document: Document, resolver: CachingResolver): Promise<DnsReport> {
  const ours = oursOf(document, await askForwards(resolver, greetedNames(document)))
  const reverses = await inTurn(ours.senders, atOnce, async (address) =>
    compareReverse(
      await askReverse(resolver, address),
      ours.greetings.filter((one) => one.address === address).map(({ hostname }) => hostname),
    ),
  )
  const domains = await inTurn([...new Set(document.domains.map(({ pattern }) => pattern))], atOnce, (pattern) =>
    domainFindings(resolver, pattern, ours),
  )
  const lists = await inTurn(document.dnsbl, atOnce, async (list) =>
    listFinding(list.zone, await checkDnsbl(resolver, list)),
  )
  return { findings: [...ours.findings, ...reverses.flat(), ...domains.flat(), ...lists], assumed: ours.assumed }
}

async function domainFindings(resolver: CachingResolver, pattern: string, ours: Ours): Promise<readonly Finding[]> {
  if (pattern.startsWith('[')) {
    return [findings('mx', pattern, 'a domain')('skipped', 'an address literal, which has no records')]
  }
  if (pattern.includes('*')) {
    return [findings('mx', pattern, 'a domain')('skipped', 'a pattern: no single name to ask for')]
  }
  const domain = storedDomain(pattern)
  const [mx, spf] = await Promise.all([askMx(resolver, domain), askSpf(resolver, domain, ours.senders)])
  return [compareMx(mx, ours), compareSpf(pattern, spf, ours.senders)]
}
