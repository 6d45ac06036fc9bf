import type { Hints } from '../mail/hints.ts'
import type { RoutePolicy } from './retrying.ts'

/**
 * What holds for a message whose header says something of its time. It may only ask for less than the policy of its route
 * gives; where it waits for its time, it is as old as if it had come then, so that nobody hears that it is late before.
 */
export function hintedPolicy(policy: RoutePolicy, hints: Hints, queuedAt: number): RoutePolicy {
  const { notBefore, expireAt, maxAttempts } = hints
  if (notBefore === undefined && expireAt === undefined && maxAttempts === undefined) return policy
  const waitsMs = notBefore === undefined ? 0 : Math.max(0, notBefore - queuedAt)
  const expireAfterMs = Math.min(
    policy.expireAfterMs + waitsMs,
    expireAt === undefined ? Number.POSITIVE_INFINITY : Math.max(0, expireAt - queuedAt),
  )
  const most = Math.min(policy.maxAttempts ?? Number.POSITIVE_INFINITY, maxAttempts ?? Number.POSITIVE_INFINITY)
  return {
    ...policy,
    expireAfterMs,
    ...(policy.warnAfterMs == null ? {} : { warnAfterMs: policy.warnAfterMs + waitsMs }),
    ...(most === Number.POSITIVE_INFINITY ? {} : { maxAttempts: most }),
  }
}

/** Its times are its own: nobody else's ages tell when it is to be looked at. */
export const isTimed = ({ notBefore, expireAt }: Hints): boolean => notBefore !== undefined || expireAt !== undefined
