import { described } from '../../admin/witnesses.ts'
import type { Change, ChangeSet } from '../../analysis/change-set.ts'
import { type Box, boxHolds, type PatternSet } from '../../graph/box.ts'
import type { Bundle } from '../../graph/bundle.ts'
import { canonicalJson } from '../../graph/canonical.ts'

export type Compare = (before: Bundle, after: Bundle) => ChangeSet

/**
 * Compares what is active with what is to be, once for each graph that is active somewhere. A review holds for the meaning
 * of a change and not for the graphs that it was made between: where the base has moved since, and the change set is still
 * the same, it was reviewed.
 */
export function changeSetsOf(
  active: ReadonlyMap<string, Bundle>,
  next: Bundle,
  compare: Compare,
): ReadonlyMap<string, ChangeSet> {
  return new Map([...active].filter(([hash]) => hash !== next.hash).map(([hash, base]) => [hash, compare(base, next)]))
}

/**
 * What of `now` nobody has seen in `reviewed`. How messages are cut into boxes depends on everything that changes, so that
 * the same change may come in other pieces: a piece that lies inside a reviewed box and moves as was reviewed is no news.
 * In doubt it is shown.
 */
export function notReviewed(reviewed: ChangeSet, now: ChangeSet): ChangeSet {
  const changes = now.changes.filter((one) => !reviewed.changes.some((seen) => isPartOf(one, seen)))
  return { ...fresh(reviewed, now), changes }
}

/** What of `reviewed` would not happen now: its example, for one, does not change any more. */
export function noLonger(reviewed: ChangeSet, now: ChangeSet): ChangeSet {
  const stays = ({ witness: { message, answers } }: Change): boolean => {
    const example = described(message)
    return example.ok && now.changes.some(({ box }) => boxHolds(box, example.value, new Map(Object.entries(answers))))
  }
  return { ...fresh(now, reviewed), changes: reviewed.changes.filter((one) => !stays(one)) }
}

/** Of destinations, settings and what was not decided: the elements that `known` does not have. */
function fresh(known: ChangeSet, set: ChangeSet): ChangeSet {
  const of = <One>(seen: readonly One[], all: readonly One[]): One[] => {
    const meanings = new Set(seen.map(meaning))
    return all.filter((one) => !meanings.has(meaning(one)))
  }
  return {
    ...set,
    destinations: of(known.destinations, set.destinations),
    settings: of(known.settings, set.settings),
    unknown: of(known.unknown, set.unknown),
  }
}

/** Without positions and examples. */
function meaning(one: unknown): string {
  if (typeof one === 'string') return one
  const { causes, witness, ...rest } = one as Partial<Change>
  return canonicalJson(rest)
}

/** True only when every message of the one is surely in the other, and moves as that one says. */
function isPartOf(one: Change, other: Change): boolean {
  if (one.kind !== other.kind) return false
  const moves = new Set(other.moves.map(({ from, to }) => JSON.stringify([from, to])))
  if (!one.moves.every(({ from, to }) => moves.has(JSON.stringify([from, to])))) return false
  const [inner, outer] = [one.box, other.box]
  const isAny = (key: keyof Box) => outer[key] === null || outer[key] === undefined
  const same = (key: keyof Box) => isAny(key) || canonicalJson(outer[key]) === canonicalJson(inner[key] ?? null)
  const sets = (['clients', 'senders', 'recipients', 'certificates', 'logins', 'helos'] as const).every(
    (key) => same(key) || partsOf(inner[key] ?? null, outer[key] ?? null),
  )
  const oracles = Object.entries(outer.oracles).every(([oracle, outcomes]) =>
    inner.oracles[oracle]?.every((outcome) => outcomes.includes(outcome)),
  )
  const listeners = same('listeners') || inner.listeners?.every((name) => outer.listeners?.includes(name)) === true
  return listeners && sets && same('tls') && same('sizes') && same('hops') && oracles
}

/** Every part of the one is a part of the other, or one of those with more left out. */
function partsOf(inner: PatternSet | null, outer: PatternSet | null): boolean {
  if (inner === null || outer === null) return outer === null
  return inner.every(({ pattern, except }) =>
    outer.some((part) => part.pattern === pattern && part.except.every((one) => except.includes(one))),
  )
}

/** How much of mail changes: rows of tables, or classes of recipients between them. */
export const classesOf = ({ changes, destinations }: ChangeSet): number =>
  changes.reduce((sum, { moves }) => sum + moves.reduce((of, { classes }) => of + classes, 0), destinations.length)

export const isEmpty = ({ changes, destinations, settings, unknown }: ChangeSet): boolean =>
  changes.length + destinations.length + settings.length + unknown.length === 0
