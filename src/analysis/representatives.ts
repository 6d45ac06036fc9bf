import type { Graph } from '../graph/graph.ts'
import { foldLocalPart } from '../graph/pattern.ts'
import { storedDomain } from '../mail/domain.ts'
import { type Mailbox, parseMailbox } from '../mail/path.ts'

/**
 * One recipient for each class that the tables of these graphs tell apart: every mailbox that is named, somebody else in
 * every domain that is named, in a domain below every `*.suffix`, and in a domain that nothing names; each with every
 * local part that a table compares alone.
 */
export function representatives(graphs: readonly Graph[]): readonly Mailbox[] {
  const patterns = new Set<string>(['*'])
  const localParts = new Set<string>()
  for (const { nodes } of graphs) {
    for (const node of nodes) {
      if (node.kind === 'table' && node.on === 'recipient') for (const [pattern] of node.rows) patterns.add(pattern)
      else if (node.kind === 'table' && node.on === 'local-part') for (const [part] of node.rows) localParts.add(part)
      else if (node.kind === 'expand') {
        for (const text of node.to) {
          const mailbox = parseMailbox(text)
          if (mailbox.ok) patterns.add(`${foldLocalPart(mailbox.value.localPart)}@${mailbox.value.domain}`)
        }
      }
    }
  }
  const somebody = unused('somebody', (part) => localParts.has(part))
  const found: Mailbox[] = []
  for (const pattern of patterns) {
    if (pattern === '<>') continue
    const at = pattern.lastIndexOf('@')
    if (at >= 0) {
      found.push(mailboxOf(pattern.slice(0, at), pattern.slice(at + 1)))
      continue
    }
    const domain = domainOf(pattern, patterns)
    found.push(
      mailboxOf(
        unused(somebody, (part) => patterns.has(`${part}@${domain}`)),
        domain,
      ),
    )
    for (const part of localParts) if (!patterns.has(`${part}@${domain}`)) found.push(mailboxOf(part, domain))
  }
  return found
}

/** A domain that this pattern matches, and no more specific one. */
function domainOf(pattern: string, patterns: ReadonlySet<string>): string {
  if (pattern === '*') {
    // A top-level domain that nobody names has no `*.suffix` above it either.
    const used = new Set([...patterns].map((one) => one.slice(one.lastIndexOf('.') + 1)))
    return `any.${unused('elsewhere', (label) => used.has(label))}`
  }
  if (!pattern.startsWith('*.')) return pattern
  const suffix = pattern.slice(2)
  return `${unused('any', (label) => patterns.has(`${label}.${suffix}`))}.${suffix}`
}

function unused(word: string, isUsed: (word: string) => boolean): string {
  let candidate = word
  for (let i = 2; isUsed(candidate); i++) candidate = `${word}${i}`
  return candidate
}

const mailboxOf = (localPart: string, domain: string): Mailbox => ({
  localPart,
  domain: storedDomain(domain),
  text: `${localPart}@${domain}`,
})
