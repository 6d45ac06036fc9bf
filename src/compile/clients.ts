import type { ClientEntry, Document } from '../config/document.ts'
import type { Builder, Ref, Row } from './builder.ts'
import { foldPattern } from './deny.ts'
import { cannotTell, follow, refusal } from './refusal.ts'

/**
 * Leads each named client to its own node and everybody else to `others`: by login, else by certificate, else by the
 * longest prefix over all networks. `null` from `nodeFor` of every client: the clients make no difference here and are
 * not asked.
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
  const rows = (patterns: (client: ClientEntry) => readonly { readonly pattern: string; readonly at: string }[]) =>
    nodes.flatMap(([client, node]) => patterns(client).map(({ pattern, at }): Row => [pattern, node ?? others, at]))
  const byNetwork = build.table(
    'client',
    rows(({ networks }) => networks.map(({ network, at }) => ({ pattern: network, at }))),
    others,
  )
  const byCertificate = build.table(
    'certificate',
    rows(({ certificates = [] }) => certificates.map(({ certificate, at }) => ({ pattern: certificate, at }))),
    byNetwork,
  )
  return build.table(
    'login',
    rows(({ logins = [] }) => logins.map(({ login, at }) => ({ pattern: login, at }))),
    byCertificate,
  )
}

/** Clients that send over an encrypted line only. */
export function clientTls(build: Builder, document: Document, next: Ref): Ref {
  return byClient(build, document, next, ({ tls, at, mode }) => {
    if (tls === undefined) return null
    const asker = `${at}.tls`
    const text = 'this client must use TLS, send STARTTLS first'
    const refuse = refusal(build, { code: 530, status: '5.7.0', text, at: asker, mode }, next)
    return build.choice('tls', [['tls', next]], refuse, asker)
  })
}

/** Marks the messages of clients that have a class, in front of `next`. */
export function clientClass(build: Builder, document: Document, next: Ref): Ref {
  return byClient(build, document, next, ({ class: tag, at }) =>
    tag === undefined ? null : follow(build, { tag }, { at: `${at}.class`, mode: undefined }, next),
  )
}

/** The senders that clients may use. `<>` is every client's: relay rights depend on the client (RFC 5321 §4.5.5, §6.1). */
export function clientSenders(build: Builder, document: Document, next: Ref): Ref {
  return byClient(build, document, next, ({ senders, at, name, mode }) => {
    if (senders === null) return null
    const asker = `${at}.senders`
    if (senders === 'own') return ownSenders(build, { name, asker, mode }, next)
    const text = 'this client may not use this sender'
    const refuse = refusal(build, { code: 550, status: '5.7.1', text, at: asker, mode }, next)
    const patterns = new Set([...senders.map(foldPattern), '<>'])
    return build.table(
      'sender',
      [...patterns].map((pattern): Row => [pattern, next, asker]),
      refuse,
      asker,
    )
  })
}

/** Which addresses are a login's own, its back-end knows. */
function ownSenders(
  build: Builder,
  { name, asker, mode }: { name: string; asker: string; mode: ClientEntry['mode'] },
  next: Ref,
): Ref {
  const text = 'this login may not use this sender'
  const refuse = refusal(build, { code: 550, status: '5.7.1', text, at: asker, mode }, next)
  const unknown =
    mode === 'observe' ? next : cannotTell(build, 'the sender cannot be checked now, try again later', asker)
  const asked = build.oracle(
    { oracle: { kind: 'own-sender', id: name }, at: asker },
    { listed: refuse, clear: next, error: unknown },
  )
  return build.table('sender', [['<>', next, asker]], asked, asker)
}

/** The recipients that a client may send to, in front of `next`. */
export function clientRecipients(build: Builder, { recipients, at, mode }: ClientEntry, next: Ref): Ref {
  if (recipients === null) return next
  const asker = `${at}.recipients`
  const text = 'this client may not send to this recipient'
  const refuse = refusal(build, { code: 550, status: '5.7.1', text, at: asker, mode }, next)
  return build.table(
    'recipient',
    [...new Set(recipients.map(foldPattern))].map((pattern): Row => [pattern, next, asker]),
    refuse,
    asker,
  )
}
