import type { Document, DomainEntry } from '../config/document.ts'
import { coveringPatterns, foldLocalPart } from '../graph/pattern.ts'
import type { Builder, Ref, Row } from './builder.ts'

/** The domains of a document, by most specific pattern, and who is in them. */
export type OurDomains = {
  readonly entries: readonly DomainEntry[]
  /** The entry that governs a domain or a domain pattern, or `null` when it is not ours. */
  governing(domain: string): DomainEntry | null
  /** True when every local part exists, or this one is listed. */
  lists(entry: DomainEntry, localPart: string): boolean
}

export function ourDomains(document: Document): OurDomains {
  const byPattern = new Map(document.domains.map((entry) => [entry.pattern, entry]))
  const listed = new Map<DomainEntry, Set<string>>()
  for (const entry of document.domains) {
    if (entry.recipients !== null) {
      listed.set(entry, new Set(entry.recipients.map(({ localPart }) => foldLocalPart(localPart))))
    }
  }
  return {
    entries: document.domains,
    governing(domain) {
      for (const pattern of coveringPatterns(domain)) {
        const entry = byPattern.get(pattern)
        if (entry !== undefined) return entry
      }
      return null
    },
    lists: (entry, localPart) => listed.get(entry)?.has(foldLocalPart(localPart)) ?? true,
  }
}

/**
 * Rows of a recipient table that lead the listed mailboxes of a domain to `known` and all others to `unknown`. A listed
 * mailbox of `a.b` is a row of its own; those of `*.b`, which have many domains, are a table of local parts.
 */
export function existenceRows(
  build: Builder,
  entry: DomainEntry,
  known: Ref,
  unknown: Ref,
  alsoKnown: readonly Row[],
): Row[] {
  const { pattern, at } = entry
  const recipients = entry.recipients ?? []
  if (!pattern.startsWith('*')) {
    const rows = recipients.map(({ localPart, at }): Row => [`${foldLocalPart(localPart)}@${pattern}`, known, at])
    const taken = new Set(rows.map(([key]) => key))
    return [...rows, ...alsoKnown.filter(([key]) => !taken.has(key)), [pattern, unknown, at]]
  }
  const rows = recipients.map(({ localPart, at }): Row => [foldLocalPart(localPart), known, at])
  return [...alsoKnown, [pattern, build.table('local-part', rows, unknown, at), at]]
}
