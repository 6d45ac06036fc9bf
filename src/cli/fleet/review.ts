import type { ChangeSet } from '../../analysis/change-set.ts'
import type { Bundle } from '../../graph/bundle.ts'
import { canonicalJson } from '../../graph/canonical.ts'

export type Compare = (before: Bundle, after: Bundle) => ChangeSet

/** What a change set holds, by section, each element in words that do not depend on where it was written. */
type Section = 'changes' | 'destinations' | 'settings' | 'unknown'
const sections: readonly Section[] = ['changes', 'destinations', 'settings', 'unknown']

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

/** The elements of `now` that `reviewed` does not have. Positions, causes and witnesses make no difference. */
export function notIn(reviewed: ChangeSet, now: ChangeSet): ChangeSet {
  const fresh = (section: Section) => {
    const known = new Set(reviewed[section].map(meaning))
    return now[section].filter((one) => !known.has(meaning(one)))
  }
  return { ...now, ...Object.fromEntries(sections.map((section) => [section, fresh(section)])) }
}

function meaning(one: ChangeSet[Section][number]): string {
  if (typeof one === 'string') return one
  const { causes, witness, ...rest } = one as Partial<ChangeSet['changes'][number]>
  return canonicalJson(rest)
}

/** How much of mail changes: rows of tables, or classes of recipients between them. */
export const classesOf = ({ changes, destinations }: ChangeSet): number =>
  changes.reduce((sum, { moves }) => sum + moves.reduce((of, { classes }) => of + classes, 0), destinations.length)

export const isEmpty = (set: ChangeSet): boolean => sections.every((section) => set[section].length === 0)
