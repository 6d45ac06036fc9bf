import type { Document } from '../config/document.ts'
import type { Builder, Ref, Row } from './builder.ts'
import { byClient, clientRecipients } from './clients.ts'
import type { OurDomains } from './our-domains.ts'

/**
 * Who may send to whom. Internal is a property of the client, never of the sender; local is a domain of ours.
 *
 *               internal to local   internal to remote   external to local   external to remote
 *   local-only  yes                 no                   no                  no
 *   outbound    yes                 yes                  no                  no
 *   two-way     yes                 yes                  yes                 no
 *   open        yes                 yes                  yes                 yes
 *
 * `accepted` takes what an internal client sends; `checked` what comes from outside, which DNSBLs are asked about.
 */
export function relaying(build: Builder, document: Document, ours: OurDomains, accepted: Ref, checked: Ref): Ref {
  const { kind, at } = document.relaying
  const refuse = build.leaf({ kind: 'refuse', code: 550, status: '5.7.1', text: 'relaying denied', at })
  const toOurs = (next: Ref): Ref =>
    build.table(
      'recipient',
      ours.entries.map((entry): Row => [entry.pattern, next, entry.at]),
      refuse,
      at,
    )

  const internal = kind === 'local-only' ? toOurs(accepted) : accepted
  const external = kind === 'open' ? checked : kind === 'two-way' ? toOurs(checked) : refuse
  return byClient(build, document, external, (client) =>
    clientRecipients(build, client, client.internal ? internal : external),
  )
}
