import type { Measured } from '../admin/metrics.ts'
import type { Status } from '../admin/operations.ts'
import type { ListenerSettings } from '../mail/settings.ts'
import type { Tally } from '../mail/tally.ts'
import type { Queue } from '../queue/queue.ts'

export type MeasuredParts = {
  readonly status: Status
  readonly tally: Tally
  readonly queue: Pick<Queue, 'totals' | 'laneStates' | 'oldest' | 'notifications'>
  readonly lists: Measured['lists']
  readonly dns: Measured['dns']
  readonly listeners: readonly ListenerSettings[]
}

/** What the gateway is at this moment, in numbers; made when somebody asks. */
export function measure({ status, tally, queue, lists, dns, listeners }: MeasuredParts): Measured {
  const nextHops = { up: 0, 'back-off': 0, probing: 0 }
  for (const { state } of queue.laneStates()) nextHops[state]++
  const read = new Set(status.certificates.map(({ name }) => name))
  const wanted = new Set(listeners.flatMap(({ tls }) => tls?.certificates ?? []))
  return {
    status,
    tally,
    deliveries: queue.totals(),
    notifications: queue.notifications(),
    oldestQueuedAt: queue.oldest(),
    nextHops,
    lists,
    dns,
    unreadable: [...wanted].filter((name) => !read.has(name)),
  }
}
