import type { ClientEntry, Document } from '../config/document.ts'
import type { Builder, Ref, Row } from './builder.ts'
import { foldPattern } from './deny.ts'

/**
 * Leads each named client to its own node, by the longest prefix over all clients, and everybody else to `others`.
 * `null` from `nodeFor` of every client: the clients make no difference here and are not asked.
 */
export function byClient(
  build: Builder,
  document: Document,
  others: Ref,
  nodeFor: (client: ClientEntry) => Ref | null,
): Ref {
  const nodes = document.clients.map((client) => [client, nodeFor(client)] as const)
  if (nodes.every(([, node]) => node === null)) return others
  // A client without a node of its own still needs its rows: it may lie inside of one that has.
  return build.table(
    'client',
    nodes.flatMap(([client, node]) => client.networks.map(({ network, at }): Row => [network, node ?? others, at])),
    others,
  )
}

/** The senders that clients may use. `<>` is every client's: relay rights depend on the client (RFC 5321 §4.5.5, §6.1). */
export function clientSenders(build: Builder, document: Document, next: Ref): Ref {
  return byClient(build, document, next, ({ senders, at }) => {
    if (senders === null) return null
    const asker = `${at}.senders`
    const refuse = build.leaf({
      kind: 'refuse',
      code: 550,
      status: '5.7.1',
      text: 'this client may not use this sender',
      at: asker,
    })
    const patterns = new Set([...senders.map(foldPattern), '<>'])
    return build.table(
      'sender',
      [...patterns].map((pattern): Row => [pattern, next, asker]),
      refuse,
      asker,
    )
  })
}

/** The recipients that a client may send to, in front of `next`. */
export function clientRecipients(build: Builder, { recipients, at }: ClientEntry, next: Ref): Ref {
  if (recipients === null) return next
  const asker = `${at}.recipients`
  const refuse = build.leaf({
    kind: 'refuse',
    code: 550,
    status: '5.7.1',
    text: 'this client may not send to this recipient',
    at: asker,
  })
  return build.table(
    'recipient',
    [...new Set(recipients.map(foldPattern))].map((pattern): Row => [pattern, next, asker]),
    refuse,
    asker,
  )
}
