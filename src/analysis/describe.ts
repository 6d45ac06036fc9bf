import type { Box, PatternSet } from '../graph/box.ts'
import type { Outcome } from '../graph/graph.ts'
import { byCodeUnits, coveringPatterns } from '../graph/pattern.ts'
import type { Cut } from './cut.ts'
import { type Dimensions, type NumberAtoms, outcomes, variable } from './dimensions.ts'
import { patternsOf } from './family.ts'
import type { LocalClass, Mailboxes } from './mailboxes.ts'
import { mergedMailboxes } from './merged-mailboxes.ts'
import type { Answer } from './question.ts'
import type { StateId } from './states.ts'

/** Atoms back into the words of a document. Boxes share the sets that they have in common. */
export function boxMaker(answer: Answer): (cut: Cut) => Box {
  const { dimensions, recipients } = answer.space
  const { clients, senders, certificates, logins, helos, sizesOf, hopsOf, oracles } = dimensions
  const isOneOf =
    (dimension: Pick<Dimensions['clients'], 'atomOf'>, chosen: ReadonlySet<number>) => (state: StateId) => {
      const atom = dimension.atomOf.get(state)
      return atom !== undefined && chosen.has(atom)
    }
  // A box costs what it says, not what there is: recipients of one atom are never asked apart.
  const divided = mergedMailboxes(recipients.family, (state) => {
    const fine = recipients.fineOf(state)
    return fine === undefined ? -1 : answer.atomOfFine[fine]!
  })
  const patterns = {
    clients: remembered((chosen) => patternsOf(clients.family, isOneOf(clients, chosen))),
    certificates: remembered((chosen) => patternsOf(certificates.family, isOneOf(certificates, chosen))),
    logins: remembered((chosen) => patternsOf(logins.family, isOneOf(logins, chosen))),
    helos: remembered((chosen) => patternsOf(helos.family, isOneOf(helos, chosen))),
    senders: remembered((chosen) => mailboxPatterns(senders.family, isOneOf(senders, chosen))),
    recipients: remembered((chosen) =>
      mailboxPatterns(divided, (state) => {
        const fine = recipients.fineOf(state)
        return fine === undefined ? null : chosen.has(answer.atomOfFine[fine]!)
      }),
    ),
  }
  return ({ sets }) => {
    const of = <T>(index: number, make: (atoms: readonly number[]) => T): T | null => {
      const set = sets[index] ?? null
      return set === null ? null : make(set)
    }
    const answered: Record<string, readonly Outcome[]> = {}
    for (const [index, name] of oracles.entries()) {
      const set = sets[variable.firstOracle + index]
      if (set) answered[name] = set.map((atom) => outcomes[atom]!)
    }
    const tls = of(variable.tls, ([atom]) => dimensions.tls[atom!]!)
    const line = {
      certificates: of(variable.certificate, patterns.certificates),
      logins: of(variable.login, patterns.logins),
      helos: of(variable.helo, patterns.helos),
    }
    return {
      listeners: of(variable.listener, (atoms) =>
        atoms.flatMap((atom) => dimensions.listeners[atom]!).sort(byCodeUnits),
      ),
      clients: of(variable.client, patterns.clients),
      senders: of(variable.sender, patterns.senders),
      recipients: of(dimensions.recipient, patterns.recipients),
      sizes: of(variable.size, (atoms) =>
        ranges(sizesOf, atoms).map(({ over, upTo }) => ({ overBytes: over, upToBytes: upTo })),
      ),
      hops: of(variable.hops, (atoms) => ranges(hopsOf, atoms)),
      oracles: answered,
      // What may be anything is left out: so it is of most boxes.
      ...(tls === null ? {} : { tls }),
      ...(line.certificates === null ? {} : { certificates: line.certificates }),
      ...(line.logins === null ? {} : { logins: line.logins }),
      ...(line.helos === null ? {} : { helos: line.helos }),
    }
  }
}

/** Sets of atoms that are asked for again are made once. */
export function remembered(
  make: (chosen: ReadonlySet<number>) => PatternSet,
): (atoms: readonly number[]) => PatternSet {
  const known = new Map<string, PatternSet>()
  return (atoms) => {
    const key = atoms.join(' ')
    const set = known.get(key) ?? make(new Set(atoms))
    known.set(key, set)
    return set
  }
}

function ranges({ cuts }: NumberAtoms, atoms: readonly number[]): { over: number | null; upTo: number | null }[] {
  const found: { over: number | null; upTo: number | null }[] = []
  for (const atom of atoms) {
    const range = { over: cuts[atom - 1] ?? null, upTo: cuts[atom] ?? null }
    const before = found.at(-1)
    if (before !== undefined && before.upTo === range.over && range.over !== null) before.upTo = range.upTo
    else found.push(range)
  }
  return found
}

/**
 * Recipients as patterns: first by domain for a local part that no table names, then what a local part of such a table,
 * and last what a mailbox with a row of its own does differently. `isIn` is `null` for what nobody can be named in.
 */
export function mailboxPatterns(family: Mailboxes, isIn: (state: StateId) => boolean | null): PatternSet {
  const { patterns, states } = family
  const plainly = (state: StateId): boolean => isIn(state) ?? false
  const asOf =
    ({ changes }: LocalClass) =>
    (state: StateId): boolean =>
      isIn(states.after(state, changes)) ?? plainly(state)
  const base = patternsOf(family, plainly)
  // What is as it came is sorted already, and may be long: nothing is made of it. Its patterns are of domains alone.
  const more = new Map<string, readonly string[]>()
  const isPart = (pattern: string): boolean => more.has(pattern) || has(base, pattern)
  const added = new Map<string, string[]>()
  const leaveOut = (part: string, pattern: string): void => {
    const others = added.get(part)
    if (others === undefined) added.set(part, [pattern])
    else others.push(pattern)
  }
  for (const local of family.locals) {
    const locally = asOf(local)
    const { inner } = family.borders
    let at = 0
    while (at < inner.length && plainly(inner[at]!) === locally(inner[at]!)) at++
    if (at === inner.length) continue
    const lost = patternsOf(family, (state) => plainly(state) && !locally(state))
    // Where what is lost comes back further inside, the local part is told apart as a whole: simpler to read, and right.
    const isSimple = lost.every(({ except }) => except.length === 0)
    const whole = patternsOf(family, (state) => locally(state) && (!isSimple || !plainly(state)))
    for (const localPart of local.localParts) {
      const at = (pattern: string) => `${localPart}@${pattern}`
      const gone = isSimple ? lost.map(({ pattern }) => pattern) : ['*']
      for (const { pattern } of base) {
        for (const away of gone) if (overlap(pattern, away)) leaveOut(pattern, at(away))
      }
      for (const { pattern, except } of whole) more.set(at(pattern), except.map(at))
    }
  }
  for (const { inner, outer, local, cells } of family.own) {
    const isHere = isIn(inner)
    if (isHere === null || isHere === (local === null ? plainly : asOf(local))(outer)) continue
    for (const cell of cells) {
      const pattern = patterns[cell]!
      if (isHere) more.set(pattern, [])
      else for (const around of partsAround(isPart, pattern)) leaveOut(around, pattern)
    }
  }
  const parts = more.size === 0 ? base : inOrder(base, more)
  if (added.size === 0) return parts
  return parts.map((part) => {
    const others = added.get(part.pattern)
    return others === undefined ? part : { pattern: part.pattern, except: merged(part.except, others) }
  })
}

/** Whether one of these, which are sorted, has this pattern. */
function has(sorted: PatternSet, pattern: string): boolean {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]!.pattern < pattern) low = middle + 1
    else high = middle
  }
  return sorted[low]?.pattern === pattern
}

/** Sorted parts, and others of none of their patterns. */
function inOrder(sorted: PatternSet, others: ReadonlyMap<string, readonly string[]>): PatternSet {
  const more = [...others].map(([pattern, except]) => ({ pattern, except }))
  more.sort((a, b) => byCodeUnits(a.pattern, b.pattern))
  const found: { readonly pattern: string; readonly except: readonly string[] }[] = []
  let at = 0
  for (let i = 0; i < sorted.length; i++) {
    const part = sorted[i]!
    while (at < more.length && more[at]!.pattern < part.pattern) found.push(more[at++]!)
    found.push(part)
  }
  while (at < more.length) found.push(more[at++]!)
  return found
}

/** Of two domain patterns: one lies in the other. */
const overlap = (a: string, b: string): boolean => coveringPatterns(a).includes(b) || coveringPatterns(b).includes(a)

/** A sorted list, each once, with others in it. */
function merged(sorted: readonly string[], others: readonly string[]): string[] {
  const more = [...new Set(others)].sort(byCodeUnits)
  const found: string[] = []
  let at = 0
  for (const one of sorted) {
    while (at < more.length && more[at]! < one) found.push(more[at++]!)
    if (more[at] === one) at++
    found.push(one)
  }
  return [...found, ...more.slice(at)]
}

/** The parts, with and without a local part, whose pattern matches this mailbox. */
function partsAround(isPart: (pattern: string) => boolean, mailbox: string): string[] {
  const at = mailbox.lastIndexOf('@')
  const found: string[] = []
  for (const domain of coveringPatterns(mailbox.slice(at + 1))) {
    for (const pattern of [domain, `${mailbox.slice(0, at)}@${domain}`]) {
      if (isPart(pattern)) found.push(pattern)
    }
  }
  return found
}
