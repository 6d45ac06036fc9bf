import type { Document } from '../config/document.ts'
import { mailboxKey } from '../graph/pattern.ts'
import type { Mailbox } from '../mail/path.ts'
import { assertNever } from '../mail/result.ts'
import type { Builder, Ref, Row } from './builder.ts'
import { type FinalMailboxes, isRole } from './final-mailboxes.ts'
import { existenceRows, type OurDomains } from './our-domains.ts'

export const expandLeaf = (build: Builder, to: readonly Mailbox[]): Ref =>
  build.leaf({ kind: 'expand', to: to.map(({ text }) => text), at: null })

/** Aliases, then the recipients of our domains. What is not ours passes: relaying has allowed it before. */
export function recipients(build: Builder, document: Document, ours: OurDomains, finals: FinalMailboxes): Ref {
  const next = build.leaf({ kind: 'next', at: null })
  const rows: Row[] = []
  const aliased = new Set<string>()
  for (const { alias, at } of document.aliases) {
    rows.push([mailboxKey(alias), expandLeaf(build, finals.ofAlias(alias)), at])
    aliased.add(mailboxKey(alias))
  }
  for (const entry of ours.entries) {
    const { pattern, at, unknown } = entry
    if (entry.recipients === null && entry.verify === undefined) {
      rows.push([pattern, next, at])
      continue
    }
    rows.push(
      ...existenceRows(build, entry, next, unlisted(unknownLeaf()), implied(document, ours, entry)).filter(
        ([key]) => !aliased.has(key),
      ),
    )
    /** Who is not listed is asked about, where the domain has a check; it is the last question before the recipient is in. */
    function unlisted(unknown: Ref): Ref {
      const check = document.recipientChecks?.find(({ id }) => id === entry.verify)
      if (check === undefined) return unknown
      const asker = `${at}.verify`
      const error = check.onError === 'accept' ? next : cannotVerify(build, asker)
      return build.oracle(
        { oracle: { kind: 'recipient', id: check.id }, at: asker },
        { listed: unknown, clear: next, error },
      )
    }
    function unknownLeaf(): Ref {
      switch (unknown.kind) {
        case 'reject':
          return build.leaf({ kind: 'refuse', code: 550, status: '5.1.1', text: 'no such mailbox', at })
        case 'catch-all':
          return build.leaf({ kind: 'expand', to: finals.of(unknown.to, at).map(({ text }) => text), at })
        case 'park':
          return build.leaf({ kind: 'park', reason: parkReason, at })
        default:
          return assertNever(unknown)
      }
    }
  }
  return build.table('recipient', rows, next)

  /** The document's postmaster exists, also where no list names it. */
  function implied(document: Document, ours: OurDomains, entry: Document['domains'][number]): Row[] {
    const isHere = ours.governing(document.postmaster.domain) === entry
    const isUnlisted = entry.recipients === null || !ours.lists(entry, document.postmaster.localPart)
    return isHere && isUnlisted ? [[mailboxKey(document.postmaster), next, 'postmaster']] : []
  }
}

/** RFC 3463 §3.5, X.4.3: a directory that would have to be asked does not answer. */
const cannotVerify = (build: Builder, at: string): Ref =>
  build.leaf({
    kind: 'refuse',
    code: 451,
    status: '4.4.3',
    text: 'the recipient cannot be verified now, try again later',
    at,
  })

export const parkReason = 'unknown recipient'

/**
 * `postmaster@` and `abuse@` of our domains, and of the gateway's own name, are accepted before anything else is asked:
 * deny rules, relaying and DNSBLs do not apply (RFC 5321 §4.5.1). Whoever is refused elsewhere can still tell us. Where
 * no alias or list has them they go to the document's postmaster.
 */
export function roleMailboxes(
  build: Builder,
  document: Document,
  ours: OurDomains,
  finals: FinalMailboxes,
  otherwise: Ref,
): Ref {
  const next = build.leaf({ kind: 'next', at: null })
  const toPostmaster = expandLeaf(build, finals.of(document.postmaster, 'postmaster'))
  const rows = new Map<string, Row>()
  for (const { alias, at } of document.aliases) {
    if (!isRole(alias.localPart)) continue
    const key = mailboxKey(alias)
    if (ours.governing(alias.domain) !== null) rows.set(key, [key, expandLeaf(build, finals.ofAlias(alias)), at])
  }
  for (const entry of ours.entries) {
    // A relay domain that takes any local part has its postmaster where the mail goes.
    const rest = entry.kind === 'relay' && entry.recipients === null ? next : toPostmaster
    const own = (entry.recipients ?? []).filter(({ localPart }) => isRole(localPart))
    for (const row of existenceRows(build, { ...entry, recipients: own }, next, rest, [])) {
      if (!rows.has(row[0])) rows.set(row[0], row)
    }
  }
  if (!rows.has(document.hostname)) rows.set(document.hostname, [document.hostname, toPostmaster, 'postmaster'])
  const mailboxes = build.table('recipient', rows.values(), otherwise)
  return build.table(
    'local-part',
    [
      ['abuse', mailboxes, ''],
      ['postmaster', mailboxes, ''],
    ],
    otherwise,
  )
}
