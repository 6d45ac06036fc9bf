import type { NextHop } from '../mail/next-hop.ts'
import type { RetryPolicy } from '../mail/settings.ts'
import type { QueueEntry } from './entry.ts'
import { hintedPolicy } from './hinted-policy.ts'

/** What holds for mail on one route: when it is tried again and given up, and whether its sender hears of it. */
export type RoutePolicy = RetryPolicy & { readonly dsn?: 'never' }

export type Retrying = {
  /**
   * `null`: for mail that goes to no next hop, and for routes that name no schedule. `schedule`: the one that the mail
   * itself names, in place of its route's.
   */
  readonly retry: (nextHop: NextHop | null, schedule?: string) => RoutePolicy
  /** What a route can have besides the policy of `null`. Absent or empty: that one holds for all. */
  readonly schedules?: () => readonly RetryPolicy[]
}

/** What holds for one message on a route. */
export function policyFor(
  { retry }: Pick<Retrying, 'retry'>,
  { hints, queuedAt }: Pick<QueueEntry, 'hints' | 'queuedAt'>,
  nextHop: NextHop | null,
): RoutePolicy {
  return hints === undefined ? retry(nextHop) : hintedPolicy(retry(nextHop, hints.schedule), hints, queuedAt)
}

export const policiesOf = ({ retry, schedules }: Retrying): readonly RetryPolicy[] => [
  retry(null),
  ...(schedules?.() ?? []),
]

/** Old enough that its sender is told. */
export const isLate = ({ warnAfterMs }: RetryPolicy, ageMs: number): boolean =>
  warnAfterMs != null && ageMs >= warnAfterMs
