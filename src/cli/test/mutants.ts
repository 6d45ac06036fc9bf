import { stageOfRule } from '../../compile/deny.ts'
import type { ClientEntry, DenyRule, Document, DomainEntry } from '../../config/document.ts'
import { masked, parseBlock } from '../../graph/network.ts'
import { ipFromBytes } from '../../mail/ip.ts'

/** A document with one small mistake, as a person could make it. */
export type Mutant = {
  readonly kind: 'delete' | 'guard' | 'swap' | 'widen' | 'depth'
  /** The element that is changed. */
  readonly at: string
  /** What is done to it: `deleted`, `swapped with deny[3]`. */
  readonly what: string
  readonly apply: (document: Document) => Document
  /** Which tests it can make a difference to; all others need not be run again. */
  readonly concerns: Concern
}

/**
 * `element`  those that met the element at `at`: to delete what did not take part changes nothing
 * `network`  those whose client is in this block
 * `domain`   those in which this domain, or one below it, has a part
 * `all`      not known
 */
export type Concern =
  | { readonly kind: 'element' }
  | { readonly kind: 'network'; readonly network: string }
  | { readonly kind: 'domain'; readonly domain: string }
  | { readonly kind: 'all' }

const element: Concern = { kind: 'element' }

/** Each element left out, one at a time: rules, rows, lists, recipients, clients and what a client is restricted to. */
export function* deletions(document: Document): Generator<Mutant> {
  const gone = (at: string, apply: Mutant['apply']): Mutant => ({
    kind: 'delete',
    at,
    what: 'deleted',
    apply,
    concerns: element,
  })
  for (const { at } of document.deny) yield gone(at, (from) => ({ ...from, deny: without(from.deny, at) }))
  for (const { at } of document.dnsbl) yield gone(at, (from) => ({ ...from, dnsbl: without(from.dnsbl, at) }))
  for (const { at } of document.localMx) yield gone(at, (from) => ({ ...from, localMx: without(from.localMx, at) }))
  for (const { at } of document.aliases) yield gone(at, (from) => ({ ...from, aliases: without(from.aliases, at) }))
  for (const domain of document.domains) {
    yield gone(domain.at, (from) => ({ ...from, domains: without(from.domains, domain.at) }))
    for (const { at } of domain.recipients ?? []) {
      yield gone(at, (from) =>
        inDomain(from, domain.at, (entry) => ({ ...entry, recipients: without(entry.recipients ?? [], at) })),
      )
    }
  }
  for (const client of document.clients) {
    yield gone(client.at, (from) => ({ ...from, clients: without(from.clients, client.at) }))
    if (client.networks.length > 1) {
      for (const { at } of client.networks) {
        yield gone(at, (from) =>
          inClient(from, client.at, (entry) => ({ ...entry, networks: without(entry.networks, at) })),
        )
      }
    }
    for (const key of ['senders', 'recipients', 'maxSizeBytes'] as const) {
      if (client[key] === null) continue
      yield gone(`${client.at}.${key === 'maxSizeBytes' ? 'maxSize' : key}`, (from) =>
        inClient(from, client.at, (entry) => ({ ...entry, [key]: null })),
      )
    }
  }
}

/** Mistakes of other kinds: a condition forgotten, two rules in the wrong order, a mask one bit short, `*.d` for `d`. */
export function* slips(document: Document): Generator<Mutant> {
  yield* guards(document)
  yield* swaps(document)
  yield* wideNetworks(document)
  yield* depths(document)
}

const conditions = ['client', 'sender', 'recipient', 'sizeOverBytes', 'listeners'] as const
const conditionNames = { sizeOverBytes: 'size', listeners: 'listener' } as const

function* guards({ deny }: Document): Generator<Mutant> {
  for (const rule of deny) {
    const said = conditions.filter((key) => rule.when[key] !== null)
    if (said.length < 2) continue
    for (const key of said) {
      const name = key === 'sizeOverBytes' || key === 'listeners' ? conditionNames[key] : key
      yield {
        kind: 'guard',
        at: rule.at,
        what: `its condition on ${name} left out`,
        apply: (from) => inRule(from, rule.at, (one) => ({ ...one, when: { ...one.when, [key]: null } })),
        // The rule may now be asked at an earlier stage.
        concerns: { kind: 'all' },
      }
    }
  }
}

function* swaps({ deny }: Document): Generator<Mutant> {
  for (const [i, rule] of deny.entries()) {
    const next = deny.slice(i + 1).find((other) => stageOfRule(other) === stageOfRule(rule))
    if (next === undefined || sameEnd(rule, next)) continue
    yield {
      kind: 'swap',
      at: rule.at,
      what: `swapped with ${next.at}`,
      apply: (from) => ({ ...from, deny: swapped(from.deny, rule.at, next.at) }),
      concerns: element,
    }
  }
}

const sameEnd = ({ then: a }: DenyRule, { then: b }: DenyRule): boolean => a.code === b.code && a.text === b.text

function* wideNetworks({ clients, deny }: Document): Generator<Mutant> {
  const taken = new Set(clients.flatMap(({ networks }) => networks.map(({ network }) => network)))
  for (const client of clients) {
    for (const { network, at } of client.networks) {
      const wide = oneBitWider(network)
      // Two clients with one network would be refused by `check`.
      if (wide === null || taken.has(wide)) continue
      yield {
        kind: 'widen',
        at,
        what: `${network} widened to ${wide}`,
        apply: (from) =>
          inClient(from, client.at, (entry) => ({
            ...entry,
            networks: entry.networks.map((one) => (one.at === at ? { ...one, network: wide } : one)),
          })),
        concerns: { kind: 'network', network: wide },
      }
    }
  }
  for (const rule of deny) {
    for (const network of rule.when.client ?? []) {
      const wide = oneBitWider(network)
      if (wide === null) continue
      yield {
        kind: 'widen',
        at: rule.at,
        what: `${network} widened to ${wide}`,
        apply: (from) => inPatterns(from, rule.at, 'client', network, wide),
        concerns: { kind: 'network', network: wide },
      }
    }
  }
}

export function oneBitWider(network: string): string | null {
  const block = parseBlock(network)
  if (block === null || block.bits === 0) return null
  return `${ipFromBytes(masked(block.bytes, block.bits - 1))}/${block.bits - 1}`
}

function* depths(document: Document): Generator<Mutant> {
  const routes = new Set(document.localMx.map(({ pattern }) => pattern))
  const domains = new Set(document.domains.map(({ pattern }) => pattern))
  for (const { pattern, at } of document.localMx) {
    const other = otherDepth(pattern)
    if (other === null || routes.has(other)) continue
    yield depth(at, pattern, other, (from) => ({
      ...from,
      localMx: from.localMx.map((row) => (row.at === at ? { ...row, pattern: other } : row)),
    }))
  }
  for (const { pattern, at } of document.domains) {
    const other = otherDepth(pattern)
    if (other === null || domains.has(other)) continue
    yield depth(at, pattern, other, (from) => inDomain(from, at, (entry) => ({ ...entry, pattern: other })))
  }
  for (const { when, at } of document.deny) {
    for (const key of ['sender', 'recipient'] as const) {
      for (const pattern of when[key] ?? []) {
        const other = otherDepth(pattern)
        if (other === null || (when[key] ?? []).includes(other)) continue
        yield depth(at, pattern, other, (from) => inPatterns(from, at, key, pattern, other))
      }
    }
  }
}

const depth = (at: string, pattern: string, other: string, apply: Mutant['apply']): Mutant => ({
  kind: 'depth',
  at,
  what: `${pattern} taken for ${other}`,
  apply,
  concerns: { kind: 'domain', domain: pattern.replace(/^\*\./, '') },
})

/** `a.b` and `*.a.b` are easily mixed up; a mailbox and `*` have no other depth. */
export function otherDepth(pattern: string): string | null {
  if (pattern === '*' || pattern === '<>' || pattern.includes('@')) return null
  return pattern.startsWith('*.') ? pattern.slice(2) : `*.${pattern}`
}

const without = <T extends { readonly at: string }>(list: readonly T[], at: string): T[] =>
  list.filter((one) => one.at !== at)

const inDomain = (document: Document, at: string, change: (entry: DomainEntry) => DomainEntry): Document => ({
  ...document,
  domains: document.domains.map((entry) => (entry.at === at ? change(entry) : entry)),
})

const inClient = (document: Document, at: string, change: (entry: ClientEntry) => ClientEntry): Document => ({
  ...document,
  clients: document.clients.map((entry) => (entry.at === at ? change(entry) : entry)),
})

const inRule = (document: Document, at: string, change: (rule: DenyRule) => DenyRule): Document => ({
  ...document,
  deny: document.deny.map((rule) => (rule.at === at ? change(rule) : rule)),
})

function inPatterns(
  document: Document,
  at: string,
  key: 'client' | 'sender' | 'recipient',
  pattern: string,
  other: string,
): Document {
  return inRule(document, at, (rule) => {
    const patterns = (rule.when[key] ?? []).map((one) => (one === pattern ? other : one))
    return { ...rule, when: { ...rule.when, [key]: [...new Set(patterns)] } }
  })
}

function swapped(deny: readonly DenyRule[], first: string, second: string): readonly DenyRule[] {
  const a = deny.find(({ at }) => at === first)
  const b = deny.find(({ at }) => at === second)
  if (a === undefined || b === undefined) return deny
  return deny.map((rule) => (rule.at === first ? b : rule.at === second ? a : rule))
}
