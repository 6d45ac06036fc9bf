import { Fifo } from './fifo.ts'
import type { QueuedDelivery } from './next-hop-lane.ts'
import type { StoredEntry } from './stored-entry.ts'

/** Below it, what was cancelled is left where it is until its turn comes. */
const minSweep = 1024

/**
 * Deliveries that wait for one next hop, first in, first out. A cancelled one stays in the row until it is passed over or
 * the row is swept, so that each step is in constant time and two hundred thousand cancelled ones do not fill the memory.
 */
export class Backlog {
  /** Those that may be taken. */
  waiting = 0
  private readonly fifo = new Fifo<QueuedDelivery>()

  push(delivery: QueuedDelivery): void {
    delivery.backlog = this
    this.fifo.push(delivery)
    this.waiting++
  }

  /** In front of all: for what was taken and given back. */
  unshift(delivery: QueuedDelivery): void {
    delivery.backlog = this
    this.fifo.unshift(delivery)
    this.waiting++
  }

  shift(): QueuedDelivery | null {
    for (;;) {
      const delivery = this.fifo.shift()
      if (delivery === undefined) return null
      if (delivery.state !== 'ready') continue
      this.waiting--
      return delivery
    }
  }

  /** Takes out one after the other and gives its message: no longer in any delivery, and to be routed. */
  *withdrawn(): Generator<StoredEntry> {
    for (let delivery = this.shift(); delivery !== null; delivery = this.shift()) {
      delivery.withdraw()
      yield delivery.entry
    }
  }

  /** Is told of a delivery that is not `ready` any more. */
  cancelled(): void {
    this.waiting--
    const { length } = this.fifo
    if (length > minSweep && this.waiting * 2 < length) this.fifo.retain(({ state }) => state === 'ready')
  }

  /** The bodies of all of them leave the memory. */
  dropBodies(): void {
    this.fifo.each(({ entry }) => entry.body.drop())
  }
}
