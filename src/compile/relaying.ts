import type { Document } from '../config/document.ts'
import type { Builder, Ref, Row } from './builder.ts'
import { byClient, clientRecipients } from './clients.ts'
import type { OurDomains } from './our-domains.ts'
import { ratesOf } from './rates.ts'

/**
 * Who may send to whom. Internal is a property of the client, never of the sender; local is a domain of ours.
 *
 *               internal to local   internal to remote   external to local   external to remote
 *   local-only  yes                 no                   no                  no
 *   outbound    yes                 yes                  no                  no
 *   two-way     yes                 yes                  yes                 no
 *   open        yes                 yes                  yes                 yes
 *
 * `accepted` takes what an internal client sends; `checked` puts before it what is asked about those outside. What a
 * client may send in a time is asked last: only who is let in counts.
 */
export function relaying(
  build: Builder,
  document: Document,
  ours: OurDomains,
  accepted: Ref,
  checked: (next: Ref) => Ref,
): Ref {
  const { kind, at } = document.relaying
  const refuse = build.leaf({ kind: 'refuse', code: 550, status: '5.7.1', text: 'relaying denied', at })
  const toOurs = (next: Ref): Ref =>
    build.table(
      'recipient',
      ours.entries.map((entry): Row => [entry.pattern, next, entry.at]),
      refuse,
      at,
    )

  const internal = (end: Ref) => (kind === 'local-only' ? toOurs(end) : end)
  const external = (end: Ref) => (kind === 'open' ? checked(end) : kind === 'two-way' ? toOurs(checked(end)) : refuse)
  return byClient(build, document, external(accepted), (client) => {
    const end = ratesOf(build, client, 'recipients', accepted)
    return clientRecipients(build, client, client.internal ? internal(end) : external(end))
  })
}
