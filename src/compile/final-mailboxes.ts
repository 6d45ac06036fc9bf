import { defaults } from '../config/defaults.ts'
import type { Document, Target } from '../config/document.ts'
import { coveringPatterns, foldLocalPart, mailboxKey } from '../graph/pattern.ts'
import type { Mailbox } from '../mail/path.ts'
import type { OurDomains } from './our-domains.ts'
import type { Report } from './report.ts'

/** Roles that every domain of ours answers for (RFC 5321 §4.5.1, RFC 2142 §2 and §5). */
export const roles: readonly string[] = ['abuse', 'postmaster']

export const isRole = (localPart: string): boolean => roles.includes(foldLocalPart(localPart))

/** Who gets the mail for a mailbox in the end: aliases, catch-alls and roles followed to where they stop, each once. */
export type FinalMailboxes = {
  /** Of an alias, in the order of its row. Empty when that is an error, which is reported. */
  ofAlias(alias: Mailbox): readonly Mailbox[]
  /** Of a mailbox that the element `at` sends mail to. */
  of(mailbox: Mailbox, at: string): readonly Mailbox[]
}

/**
 * Follows every chain to its end. What a chain may not do (come back to itself, end at nobody, end without a route) is an
 * error at the row that says so.
 */
export function finalMailboxes(document: Document, ours: OurDomains, report: Report): FinalMailboxes {
  const aliases = new Map(document.aliases.map((row) => [mailboxKey(row.alias), row]))
  const routes = routeFinder(document, ours)
  const postmaster = mailboxKey(document.postmaster)
  const done = new Map<string, readonly Mailbox[]>()

  /** One step: itself (final), the next ones, or why there is none. */
  const step = (mailbox: Mailbox): 'final' | readonly Mailbox[] | { readonly why: string } => {
    const key = mailboxKey(mailbox)
    const alias = aliases.get(key)
    if (alias !== undefined) return alias.to
    const entry = ours.governing(mailbox.domain)
    if (entry === null || key === postmaster) return 'final'
    const listed = entry.recipients !== null && ours.lists(entry, mailbox.localPart)
    if (listed) return 'final'
    if (isRole(mailbox.localPart) && (entry.kind === 'local' || entry.recipients !== null)) return [document.postmaster]
    if (entry.recipients === null) return 'final'
    if (entry.verify !== undefined) return 'final'
    if (entry.unknown.kind === 'catch-all') return [entry.unknown.to]
    return { why: `${mailbox.text} does not exist: it is not among the recipients of ${entry.pattern}` }
  }

  const resolve = (start: Mailbox, at: string): readonly Mailbox[] => {
    const path = new Map<string, string>()
    const stack: { key: string; next: readonly Mailbox[]; at: number; found: Map<string, Mailbox> }[] = []
    const enter = (mailbox: Mailbox, from: string): readonly Mailbox[] | null => {
      const key = mailboxKey(mailbox)
      const known = done.get(key)
      if (known !== undefined) return known
      if (path.has(key)) {
        const chain = [...path.values()]
        report.error(
          'MG2002',
          from,
          `leads back to itself: ${[...chain.slice([...path.keys()].indexOf(key)), mailbox.text].join(' -> ')}`,
        )
        return []
      }
      const next = step(mailbox)
      if (next === 'final') {
        const route = routes(mailbox.domain)
        const broken =
          route === null
            ? 'has no route: no row of localMx matches it'
            : route.kind === 'reject'
              ? 'is rejected by localMx'
              : null
        if (broken !== null) report.error('MG2004', from, `mail for ${mailbox.text} ${broken}`)
        done.set(key, [mailbox])
        return [mailbox]
      }
      if ('why' in next) {
        report.error('MG2003', from, next.why)
        done.set(key, [])
        return []
      }
      path.set(key, mailbox.text)
      stack.push({ key, next, at: 0, found: new Map() })
      return null
    }
    let answer = enter(start, at)
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (answer !== null)
        for (const mailbox of answer)
          if (!top.found.has(mailboxKey(mailbox))) top.found.set(mailboxKey(mailbox), mailbox)
      const next = top.next[top.at++]
      if (next !== undefined) {
        answer = enter(next, aliases.get(top.key)?.at ?? at)
        continue
      }
      answer = [...top.found.values()]
      done.set(top.key, answer)
      path.delete(top.key)
      stack.pop()
    }
    return answer!
  }

  return { ofAlias: (alias) => resolve(alias, aliases.get(mailboxKey(alias))!.at), of: resolve }
}

/** What the rows of localMx and the local domains say of a domain; `null` is no route. */
function routeFinder(document: Document, ours: OurDomains): (domain: string) => Target | null {
  const rows = new Map<string, Target>(document.localMx.map((row) => [row.pattern, row.target]))
  for (const entry of ours.entries) {
    if (entry.kind === 'local' && !rows.has(entry.pattern))
      rows.set(entry.pattern, { kind: 'deliver', dir: defaults.dir })
  }
  return (domain) => {
    for (const pattern of coveringPatterns(domain)) {
      const target = rows.get(pattern)
      if (target !== undefined) return target
    }
    return null
  }
}
