import type { RetryPlan } from '../admin/queue-operations.ts'
import type { Control } from '../graph/control.ts'
import type { Hints } from '../mail/hints.ts'
import type { NextHop } from '../mail/next-hop.ts'
import { defaultWarnAfterMs } from '../mail/notification-settings.ts'
import type { RetryPolicy } from '../mail/settings.ts'
import { hintedPolicy } from '../queue/hinted-policy.ts'
import type { RoutePolicy } from '../queue/retrying.ts'
import { settingsOf } from '../route/next-hop-settings.ts'

type Policies = {
  readonly general: RoutePolicy
  readonly named: ReadonlyMap<string, RoutePolicy>
  /** What routes and messages can have besides `general`; empty where nothing else is said. */
  readonly others: readonly RoutePolicy[]
}

// By control, which is another one in each graph.
const known = new WeakMap<Control, Policies>()

function policies(control: Control): Policies {
  let found = known.get(control)
  if (found === undefined) {
    const { schedules = [], relays, destinations = [] } = control
    const general = withWarning(control.retry)
    const named = new Map(schedules.map(({ name, ...policy }) => [name, withWarning(policy)]))
    const differs = [...relays, ...destinations].some(({ retry, dsn }) => retry !== undefined || dsn !== undefined)
    found = { general, named, others: differs || schedules.length > 0 ? [general, ...named.values()] : [] }
    known.set(control, found)
  }
  return found
}

/** In a graph the usual age is left out. */
const withWarning = (policy: RetryPolicy): RoutePolicy => ({
  ...policy,
  warnAfterMs: policy.warnAfterMs === undefined ? defaultWarnAfterMs : policy.warnAfterMs,
})

/** What holds for mail towards a next hop. `schedule`: the one that it names itself. */
export function policyOf(control: Control, nextHop: NextHop | null, schedule: string | undefined): RoutePolicy {
  const { general, named, others } = policies(control)
  if (others.length === 0) return general
  const own = schedule === undefined ? undefined : named.get(schedule)
  if (nextHop === null) return own ?? general
  const { retry, dsn } = settingsOf(nextHop, control)
  const policy = own ?? (retry === undefined ? general : (named.get(retry) ?? general))
  return dsn === undefined ? policy : { ...policy, dsn }
}

/** All that routes and messages can have besides the general one. */
export const schedulesOf = (control: Control): readonly RoutePolicy[] => policies(control).others

/** When one message towards a next hop is tried again, and when somebody hears of it: for people to see. */
export function retryView(
  control: Control,
  nextHop: NextHop,
  { queuedAt, hints = {} }: { readonly queuedAt: number; readonly hints?: Hints | undefined },
): RetryPlan {
  const { named } = policies(control)
  const own = [hints.schedule, settingsOf(nextHop, control).retry].find((name) => name !== undefined && named.has(name))
  const policy = hintedPolicy(policyOf(control, nextHop, hints.schedule), hints, queuedAt)
  const { scheduleMs, expireAfterMs, warnAfterMs, maxAttempts, dsn } = policy
  const isSilent = dsn === 'never'
  return {
    schedule: own ?? null,
    waitsMs: scheduleMs,
    warnAt: warnAfterMs == null || warnAfterMs >= expireAfterMs || isSilent ? null : queuedAt + warnAfterMs,
    expireAt: queuedAt + expireAfterMs,
    maxAttempts: maxAttempts ?? null,
    silent: isSilent,
  }
}
