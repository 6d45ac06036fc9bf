import type { CaseResult } from '../../analysis/suite-run.ts'
import type { AliasRow, Document, DomainEntry } from '../../config/document.ts'
import { contains, parseBlock } from '../../graph/network.ts'
import { coveringPatterns, foldLocalPart, mailboxKey } from '../../graph/pattern.ts'
import { elementAround } from '../../graph/sources.ts'
import { ipBytes } from '../../mail/ip.ts'
import type { Mailbox } from '../../mail/path.ts'
import { type Concern, otherDepth } from './mutants.ts'

/** What has a part in a test: only a change of one of these can change what comes of its message. */
export type Parts = {
  /** Elements of the document, with all that are around them. */
  readonly elements: ReadonlySet<string>
  /** The recipient, and every mailbox on the way to the last ones. */
  readonly mailboxes: readonly Mailbox[]
}

/**
 * Reads the parts of a test from its walks. Aliases are followed by the compiler and leave no trace in a walk, so they
 * are followed here again, with the domains that each mailbox on the way lies in.
 */
export function partsFinder(document: Document): (result: CaseResult) => Parts {
  const aliases = new Map<string, AliasRow>(document.aliases.map((row) => [mailboxKey(row.alias), row]))
  const domains = new Map<string, DomainEntry>(document.domains.map((entry) => [entry.pattern, entry]))
  const recipients = new Map<DomainEntry, Map<string, string[]>>()
  for (const entry of document.domains) {
    const byLocalPart = new Map<string, string[]>()
    for (const { localPart, at } of entry.recipients ?? []) {
      const key = foldLocalPart(localPart)
      byLocalPart.set(key, [...(byLocalPart.get(key) ?? []), at])
    }
    recipients.set(entry, byLocalPart)
  }

  return ({ case: { message }, endings }) => {
    const elements = new Set<string>()
    const add = (at: string) => {
      for (let one: string | null = at; one !== null && !elements.has(one); one = elementAround(one)) elements.add(one)
    }
    for (const { walks } of endings) {
      for (const walk of walks) {
        add(walk.at)
        for (const { at } of walk.path) add(at)
      }
    }
    const mailboxes = new Map<string, Mailbox>()
    const visit = (mailbox: Mailbox): void => {
      const key = mailboxKey(mailbox)
      if (mailboxes.has(key)) return
      mailboxes.set(key, mailbox)
      const row = aliases.get(key)
      if (row !== undefined) {
        add(row.at)
        for (const to of row.to) visit(to)
      }
      // Of the domains that govern it, also those that would if `a.b` were taken for `*.a.b`: their catch-alls lead on.
      const patterns = coveringPatterns(mailbox.domain).flatMap((one) => [one, otherDepth(one) ?? one])
      for (const pattern of new Set(patterns)) {
        const entry = domains.get(pattern)
        if (entry === undefined) continue
        add(entry.at)
        for (const at of recipients.get(entry)?.get(foldLocalPart(mailbox.localPart)) ?? []) add(at)
        if (entry.unknown.kind === 'catch-all') visit(entry.unknown.to)
      }
    }
    if (message.recipient !== null) {
      visit(message.recipient)
      // `abuse@` of a domain without one of its own goes to the document's postmaster.
      visit(document.postmaster)
    }
    return { elements, mailboxes: [...mailboxes.values()] }
  }
}

/** True when a change that concerns this may change what comes of the test. */
export function isConcerned(concern: Concern, at: string, { case: one }: CaseResult, parts: Parts): boolean {
  switch (concern.kind) {
    case 'all':
      return true
    case 'element':
      return parts.elements.has(at)
    case 'network': {
      const block = parseBlock(concern.network)
      return block !== null && contains(block, ipBytes(one.message.client))
    }
    case 'domain': {
      const { sender } = one.message
      const names = [...parts.mailboxes, ...(sender ? [sender] : [])].map(({ domain }) => domain)
      return names.some((name) => name === concern.domain || name.endsWith(`.${concern.domain}`))
    }
  }
}
