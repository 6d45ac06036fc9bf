import type { Document } from '../../config/document.ts'
import { storedDomain } from '../../mail/domain.ts'
import { askForwards, type Forward } from '../check-dns/forward.ts'
import { inTurn } from '../check-dns/in-turn.ts'
import { askSts } from '../check-dns/mta-sts.ts'
import { askMx } from '../check-dns/mx.ts'
import { greetedNames, type Ours, oursOf } from '../check-dns/ours.ts'
import { askReverse } from '../check-dns/reverse.ts'
import { askSpf } from '../check-dns/spf-finding.ts'
import { tlsrptName } from '../check-dns/tlsrpt.ts'
import type { Asking } from '../check-dns/with-resolver.ts'
import { planAddresses, planMx, receivingNames } from './plan-mx.ts'
import { planPtr } from './plan-ptr.ts'
import { planSts } from './plan-sts.ts'
import { dmarcName, planDmarc, planSpf, planTlsrpt } from './plan-text.ts'
import { planTlsa } from './plan-tlsa.ts'
import type { Planned } from './planned.ts'

export type DnsPlan = Planned & { readonly assumed: readonly string[] }

/** Domains that are looked at in one moment. */
const atOnce = 16

/** What the DNS should say of us and of our domains, held against what it says. Patterns and literals are left out. */
export async function dnsPlan(document: Document, { resolver, fetch, assumed }: Asking): Promise<DnsPlan> {
  const names = receivingNames(document)
  const forwards = await askForwards(resolver, greetedNames(document))
  const ours = oursOf(document, forwards)
  const domains = [...new Set(document.domains.map(({ pattern }) => pattern))].filter((one) => !/[*[]/.test(one))
  const planned = await inTurn(domains, atOnce, (domain) =>
    domainPlan(domain, { document, ours, names, resolver, fetch }),
  )
  const tlsa = await planTlsa(document, resolver)
  const reverses = await inTurn(ours.known, atOnce, (address) => askReverse(resolver, address))
  return {
    records: [
      ...planned.flatMap(({ records }) => records),
      ...[...forwards].flatMap(([name, forward]: readonly [string, Forward]) => planAddresses(name, forward, ours)),
      ...tlsa,
      ...reverses.map((reverse) => planPtr(reverse, ours)),
    ],
    files: planned.flatMap(({ files }) => files),
    assumed: [...ours.assumed, ...assumed],
  }
}

type DomainParts = Pick<Asking, 'resolver' | 'fetch'> & {
  readonly document: Document
  readonly ours: Ours
  readonly names: readonly string[]
}

async function domainPlan(pattern: string, { document, ours, names, resolver, fetch }: DomainParts): Promise<Planned> {
  const domain = storedDomain(pattern)
  const postmaster = document.postmaster.text
  const [mx, texts, spf, dmarc, tlsrpt, stsTexts, sts] = await Promise.all([
    askMx(resolver, domain),
    resolver.txt(domain),
    askSpf(resolver, domain, ours.senders),
    resolver.txt(dmarcName(domain)),
    resolver.txt(tlsrptName(domain)),
    resolver.txt(`_mta-sts.${domain}`),
    askSts(resolver, fetch, domain),
  ])
  const offersTls = document.listeners.every(({ kind, tls }) => kind !== 'mx' || tls !== undefined)
  const policy = planSts({ domain, published: sts, records: stsTexts, mx: mx.records, names, offersTls })
  return {
    records: [
      planMx(mx, names, ours),
      planSpf(domain, texts, spf, ours.senders, document.relays.length > 0),
      planDmarc(domain, dmarc, postmaster),
      ...policy.records,
      planTlsrpt(domain, tlsrpt, postmaster),
    ],
    files: policy.files,
  }
}
