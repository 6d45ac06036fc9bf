import type { RoutePolicy } from './retrying.ts'
import type { StoredEntry } from './stored-entry.ts'

/** In the agenda: a message of its own times is to be looked at. */
export class Term {
  readonly entry: StoredEntry

  constructor(entry: StoredEntry) {
    this.entry = entry
  }

  get isGone(): boolean {
    return this.entry.isGone
  }
}

/**
 * When the first of a message's recipients is to be given up, or its sender told that it is late. `over`: that time has
 * come for one. `null`: for none there is a time now, as nothing is tried.
 *
 * @param policyOf of a recipient, by its index; `null`: it is paused
 */
export function nextTerm(
  { queuedAt, recipients }: StoredEntry,
  policyOf: (index: number) => RoutePolicy | null,
  now: number,
): number | 'over' | null {
  let first = Number.POSITIVE_INFINITY
  for (const [index, slot] of recipients.entries()) {
    if (slot.state !== 'waiting' || slot.paused !== null) continue
    const policy = policyOf(index)
    if (policy === null) continue
    const { expireAfterMs, warnAfterMs } = policy
    if (queuedAt + expireAfterMs <= now) return 'over'
    first = Math.min(first, queuedAt + expireAfterMs)
    if (warnAfterMs != null && !slot.isWarned && queuedAt + warnAfterMs > now)
      first = Math.min(first, queuedAt + warnAfterMs)
  }
  return first === Number.POSITIVE_INFINITY ? null : first
}
