import type { Mailbox } from '../mail/path.ts'
import type { DomainEntry } from './document.ts'
import { mailboxKey } from './patterns.ts'
import { didYouMean } from './suggest.ts'
import type { PlacedAlias } from './validate-aliases.ts'
import type { Report, Spot } from './validate-report.ts'
import { firstOf, type Routing } from './validate-routes.ts'

/** Of every domain of ours, whether listed or not; the postmaster of the document gets their mail (RFC 5321 §4.5.1, RFC 2142 §5). */
const roles = new Set(['postmaster', 'abuse'])

/**
 * The mailboxes that the document names: postmaster, aliases and what they lead to, catch-alls. Each must end somewhere:
 * mail for it would otherwise be refused, or go round.
 */
export function checkMailboxes(
  report: Report,
  routing: Routing,
  aliases: ReadonlyMap<string, PlacedAlias>,
  postmaster: Mailbox | null,
): void {
  const fateOf = fates(routing, aliases, postmaster)
  const told = (mailbox: Mailbox, spot: Spot, code: 'MG1407' | 'MG1408') => {
    const fate = fateOf(mailbox)
    if (fate.kind === 'nowhere') report.error(code, spot, `${fate.why}`, { hint: fate.hint })
  }
  if (postmaster !== null) told(postmaster, { kind: 'value', path: ['postmaster'] }, 'MG1408')
  for (const { alias, keySpot, targets } of aliases.values()) {
    if (firstOf(routing.domainKeys, alias.domain) === undefined) {
      const hint =
        didYouMean(alias.domain, routing.domainKeys.keys()) ??
        `declare it: domains: { ${JSON.stringify(alias.domain)}: 'local' }`
      report.error('MG1405', keySpot, `expected an alias in a domain of ours, but ${alias.domain} is not in domains`, {
        hint,
      })
    }
    for (const { value, spot } of targets) told(value, spot, 'MG1407')
  }
  const catchAlls = routing.domains.flatMap((entry) =>
    entry.unknown.kind === 'catch-all' ? [{ entry, to: entry.unknown.to }] : [],
  )
  for (const { entry, to } of catchAlls) told(to, catchAllSpot(routing, entry), 'MG1407')

  const starts = new Map<string, Mailbox>()
  const named = [...aliases.values()].flatMap(({ alias, to }) => [alias, ...to])
  for (const mailbox of [...named, ...catchAlls.map(({ to }) => to)]) {
    if (!starts.has(mailboxKey(mailbox))) starts.set(mailboxKey(mailbox), mailbox)
  }
  const next = (key: string): readonly Mailbox[] => {
    const mailbox = starts.get(key)
    const fate = mailbox === undefined ? null : fateOf(mailbox)
    return fate?.kind === 'on' ? fate.to : []
  }
  for (const cycle of cyclesOf([...starts.keys()], (key) => next(key).map(mailboxKey)))
    tellCycle(report, routing, aliases, starts, cycle)
}

function tellCycle(
  report: Report,
  routing: Routing,
  aliases: ReadonlyMap<string, PlacedAlias>,
  starts: ReadonlyMap<string, Mailbox>,
  cycle: readonly string[],
): void {
  const path = [...cycle, cycle[0]].join(' -> ')
  const places = cycle.map((key) => aliases.get(key)?.keySpot ?? onwardSpot(routing, starts.get(key)!))
  const [first, ...rest] = places
  const unlisted = cycle.find((key) => !aliases.has(key))
  report.error('MG1406', first!, `leads back to itself: ${path}`, {
    hint: unlisted === undefined ? null : `${unlisted} is no recipient of its domain, so its mail is sent on`,
    related: rest.map((spot, i) => ({ message: `then ${cycle[i + 1]}`, spot })),
  })
}

type Fate =
  | { readonly kind: 'ends' }
  /** Rewritten to these, by an alias or a catch-all. */
  | { readonly kind: 'on'; readonly to: readonly Mailbox[] }
  | { readonly kind: 'nowhere'; readonly why: string; readonly hint: string | null }

/** One step of what the gateway does with mail for a mailbox. Of a domain that could not be read, nothing is said. */
function fates(
  routing: Routing,
  aliases: ReadonlyMap<string, PlacedAlias>,
  postmaster: Mailbox | null,
): (mailbox: Mailbox) => Fate {
  const postmasterKey = postmaster === null ? null : mailboxKey(postmaster)
  const byPattern = new Map(routing.domains.map((entry) => [entry.pattern, entry]))
  const listed = new Map<DomainEntry, Set<string>>()
  for (const entry of routing.domains) {
    if (entry.recipients !== null) listed.set(entry, new Set(entry.recipients.map(({ localPart }) => localPart)))
  }
  return (mailbox) => {
    const key = mailboxKey(mailbox)
    const alias = aliases.get(key)
    if (alias !== undefined) return { kind: 'on', to: alias.to }
    const localPart = key.slice(0, key.lastIndexOf('@'))
    if (firstOf(routing.domainKeys, mailbox.domain) !== undefined) {
      const entry = firstOf(byPattern, mailbox.domain)
      const known = entry === undefined ? undefined : listed.get(entry)
      if (entry === undefined || key === postmasterKey || known?.has(localPart)) return { kind: 'ends' }
      if (roles.has(localPart) && (entry.kind === 'local' || known !== undefined)) {
        return postmaster === null ? { kind: 'ends' } : { kind: 'on', to: [postmaster] }
      }
      if (known === undefined) return { kind: 'ends' }
      // Who is not listed may exist all the same.
      if (entry.verify !== undefined) return { kind: 'ends' }
      if (entry.unknown.kind === 'catch-all') return { kind: 'on', to: [entry.unknown.to] }
      if (entry.unknown.kind === 'park') return { kind: 'ends' }
      return {
        kind: 'nowhere',
        why: `no recipient of ${entry.pattern} is called ${JSON.stringify(localPart)}`,
        hint: didYouMean(localPart, known),
      }
    }
    const row = firstOf(routing.routes.byPattern, mailbox.domain)
    if (row === undefined) {
      const why = `${mailbox.domain} is no domain of ours, and no row of localMx routes it`
      return { kind: 'nowhere', why, hint: didYouMean(mailbox.domain, routing.domainKeys.keys()) }
    }
    const target = row.row?.target
    if (target?.kind !== 'reject' && target?.kind !== 'discard') return { kind: 'ends' }
    return { kind: 'nowhere', why: `localMx ${target.kind}s all mail for ${mailbox.domain}`, hint: null }
  }
}

/**
 * One cycle of each knot: what leads to no end is peeled until only what lies on cycles, or leads to one, is left.
 * No recursion: a table of a hundred thousand aliases may be one chain.
 */
export function cyclesOf(nodes: readonly string[], next: (node: string) => readonly string[]): string[][] {
  const left = new Map(nodes.map((node) => [node, 0]))
  const before = new Map<string, string[]>()
  for (const node of nodes) {
    for (const to of new Set(next(node))) {
      if (!left.has(to)) continue
      left.set(node, left.get(node)! + 1)
      before.set(to, [...(before.get(to) ?? []), node])
    }
  }
  const drop = (start: string) => {
    if (!left.has(start)) return
    const queue = [start]
    for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
      left.delete(node)
      for (const from of before.get(node) ?? []) {
        const count = left.get(from)
        if (count === undefined) continue
        left.set(from, count - 1)
        if (count === 1) queue.push(from)
      }
    }
  }
  for (const node of nodes) if (left.get(node) === 0) drop(node)
  const cycles: string[][] = []
  for (const node of nodes) {
    // A walk from here may end in another knot first.
    while (left.has(node)) {
      const path: string[] = []
      const order = new Map<string, number>()
      let at = node
      for (; !order.has(at); at = next(at).find((to) => left.has(to))!) {
        order.set(at, path.length)
        path.push(at)
      }
      const cycle = path.slice(order.get(at))
      cycles.push(cycle)
      for (const part of cycle) drop(part)
    }
  }
  return cycles
}

const catchAllSpot = (routing: Routing, { pattern }: DomainEntry): Spot => {
  const key = routing.domainKeys.get(pattern)!
  return { kind: 'value', path: [...key.path, 'unknown', 'catchAll'] }
}

/** Where the document sends on what is no alias: the catch-all of its domain, or the postmaster for a role. */
function onwardSpot(routing: Routing, mailbox: Mailbox): Spot {
  if (roles.has(mailboxKey(mailbox).slice(0, -mailbox.domain.length - 1)))
    return { kind: 'value', path: ['postmaster'] }
  const entry = firstOf(new Map(routing.domains.map((domain) => [domain.pattern, domain])), mailbox.domain)!
  return catchAllSpot(routing, entry)
}
