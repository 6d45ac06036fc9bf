import type { Control } from '../graph/control.ts'
import type { Envelope } from '../mail/envelope.ts'
import type { NextHop } from '../mail/next-hop.ts'
import { defaultWarnAfterMs } from '../mail/notification-settings.ts'
import type { Mailbox } from '../mail/path.ts'
import type { RetryPolicy } from '../mail/settings.ts'
import { makeReports } from '../queue/notifier.ts'
import type { QueueOptions } from '../queue/queue.ts'
import type { RoutePolicy } from '../queue/retrying.ts'
import { settingsOf } from '../route/next-hop-settings.ts'
import type { Live } from './live.ts'

type Told = Pick<QueueOptions, 'retry' | 'schedules' | 'notify' | 'doubleBounce'>

/** When mail is tried again and given up, and who is told of it: by the graph that is active at that moment. */
export function retryingOf(live: () => Pick<Live, 'control' | 'postmaster' | 'hash'>): Required<Told> {
  return {
    retry: (nextHop) => policyOf(live().control, nextHop),
    schedules: () => policies(live().control).others,
    doubleBounce: (): Mailbox | null =>
      live().control.notifications?.doubleBounce === 'postmaster' ? live().postmaster : null,
    notify: makeReports(() => {
      const { control, postmaster, hash } = live()
      const { hostname, notifications } = control
      return {
        hostname,
        postmaster,
        graphHash: hash,
        ...(notifications === undefined ? {} : { settings: notifications }),
        isStranger: (envelope) => isStranger(control, envelope),
      }
    }),
  }
}

type Policies = {
  readonly general: RoutePolicy
  readonly named: ReadonlyMap<string, RoutePolicy>
  /** What routes can have besides `general`; empty where nothing is said of any route. */
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
    found = { general, named, others: differs ? [general, ...named.values()] : [] }
    known.set(control, found)
  }
  return found
}

/** In a graph the usual age is left out. */
const withWarning = (policy: RetryPolicy): RoutePolicy => ({
  ...policy,
  warnAfterMs: policy.warnAfterMs === undefined ? defaultWarnAfterMs : policy.warnAfterMs,
})

function policyOf(control: Control, nextHop: NextHop | null): RoutePolicy {
  const { general, named, others } = policies(control)
  if (nextHop === null || others.length === 0) return general
  const { retry, dsn } = settingsOf(nextHop, control)
  const policy = retry === undefined ? general : (named.get(retry) ?? general)
  return dsn === undefined ? policy : { ...policy, dsn }
}

/**
 * Came by a listener for other mail servers, and nobody logged in: whether the sender is who sent it is not known. Mail
 * that the gateway made is nobody's.
 */
function isStranger({ listeners }: Control, { origin }: Envelope): boolean {
  if (origin.client === null || origin.identity !== null) return false
  return listeners.find(({ name }) => name === origin.listener)?.kind === 'mx'
}
