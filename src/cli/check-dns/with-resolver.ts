import { randomInt } from 'node:crypto'
import type { Document } from '../../config/document.ts'
import { createResolver } from '../../dns/resolver.ts'
import { systemClock } from '../../mail/clock.ts'
import { silentLog } from '../../mail/log.ts'
import { checkDns } from './check-dns.ts'
import type { DnsReport } from './finding.ts'

/** The report by the name servers that the document names, which are those that its gateway would ask. */
export async function dnsReport(document: Document): Promise<DnsReport> {
  const resolver = createResolver({
    settings: document.resolver,
    clock: systemClock,
    random: randomInt,
    log: silentLog,
  })
  try {
    return await checkDns(document, resolver)
  } finally {
    resolver.close()
  }
}
