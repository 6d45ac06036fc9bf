import type { Control } from '../graph/control.ts'
import type { Envelope } from '../mail/envelope.ts'
import type { Mailbox } from '../mail/path.ts'
import { makeReports } from '../queue/notifier.ts'
import type { QueueOptions } from '../queue/queue.ts'
import type { Live } from './live.ts'
import { policyOf, schedulesOf } from './retry-policy.ts'

type Told = Pick<QueueOptions, 'retry' | 'schedules' | 'notify' | 'doubleBounce'>

/** When mail is tried again and given up, and who is told of it: by the graph that is active at that moment. */
export function retryingOf(live: () => Pick<Live, 'control' | 'postmaster' | 'hash'>): Required<Told> {
  return {
    retry: (nextHop, schedule) => policyOf(live().control, nextHop, schedule),
    schedules: () => schedulesOf(live().control),
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

/**
 * Came by a listener for other mail servers, and nobody logged in: whether the sender is who sent it is not known. Mail
 * that the gateway made is nobody's.
 */
function isStranger({ listeners }: Control, { origin }: Envelope): boolean {
  if (origin.client === null || origin.identity !== null) return false
  return listeners.find(({ name }) => name === origin.listener)?.kind === 'mx'
}
