import { mkdirSync } from 'node:fs'
import { type DeliveryResult, Dispatcher, type DispatcherOptions } from './dispatcher.ts'
import type { QueueEntry, RecipientState } from './entry.ts'
import type { Inlet } from './intake.ts'
import { Ledger } from './ledger.ts'
import { listRows, matching, type QueueFilter, type QueueRow, type QueueSelector, rowOf } from './listing.ts'
import { type Lock, lockFolder } from './lock.ts'
import type { NextHopLane } from './next-hop-lane.ts'
import { type MakeReport, Reporter } from './reports.ts'
import { openSpool, type SpoolOptions } from './spool.ts'
import type { StoredEntry } from './stored-entry.ts'

export type QueueOptions = DispatcherOptions & {
  /** The state folder; made when it is not there, and locked. */
  readonly dir: string
  readonly notify: MakeReport
  /** Of the folder, when the caller has taken it already; the caller releases it. */
  readonly lock?: Lock
  /** Sizes and the disk, for tests and measurements. */
  readonly spool?: Partial<Omit<SpoolOptions, 'dir' | 'clock' | 'log'>>
}

export type LaneState = {
  readonly nextHop: string
  readonly kind: string
  readonly state: NextHopLane['state']
  readonly waiting: number
  readonly active: number
  /** When a next hop that is down is probed. */
  readonly until: number | null
  readonly failures: number
  readonly why: string | null
}

export type QueueCounts = Readonly<Record<'messages' | RecipientState['state'], number>>

export type Queue = Inlet & {
  /** Oldest first. */
  list(filter: QueueFilter): readonly QueueRow[]
  /** Waiting and held recipients become due now. Gives how many. */
  retry(selector: QueueSelector): number
  show(id: string): QueueEntry | null
  /** All recipients of a message, in whatever state; empty when it is not here. */
  rows(id: string): readonly QueueRow[]
  /** Recipients by state, of the messages that are still here. */
  counts(): QueueCounts
  /** Recipients that were delivered, put off (each time) and failed since the start. */
  totals(): Readonly<Record<DeliveryResult, number>>
  laneStates(): readonly LaneState[]
  /** What keeps these relays from being used is gone: those that are down are tried now. */
  probeRelays(relays: readonly string[]): void
  /** A new graph is active, or something is to be paused: what waits in lanes is routed afresh. */
  reroute(): void
  /** What this one has paused (see `Pause`) is tried again. Gives the number of messages. */
  release(by: string): number
  /** Recipients that this one has paused. */
  paused(by: string): number
  /** Hands out nothing more; resolves when nothing is on a wire. Messages are still accepted and stored. */
  drain(): Promise<void>
  /** Ends the carriers, writes what is to be written, and gives the state folder free. */
  close(): Promise<void>
}

/** Opens the queue of a state folder and starts to deliver what is in it. @throws SpoolError */
export async function openQueue(options: QueueOptions): Promise<Queue> {
  const { dir, clock, log } = options
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const lock = options.lock ?? lockFolder(dir)
  const release = () => {
    if (options.lock === undefined) lock.release()
  }
  try {
    const begun = performance.now()
    const { spool, recovered } = await openSpool({ ...options.spool, dir, clock, log })
    const reporter = new Reporter(spool, options.notify, clock, log)
    const ledger = new Ledger(spool, reporter, clock, log)
    const dispatcher = new Dispatcher(options, spool, ledger)
    spool.sink = dispatcher
    const { entries, segments, tornBytes, damaged } = recovered
    const tookMs = Math.round(performance.now() - begun)
    log.info('queue.opened', { messages: entries.length, segments, tornBytes, damaged, tookMs })
    dispatcher.resume(entries)
    return queueOf(dispatcher, ledger, {
      begin: (onReady) => spool.begin(onReady),
      async close() {
        dispatcher.close()
        for (const carrier of dispatcher.carriers) carrier.close()
        reporter.close()
        await spool.close()
        release()
      },
    })
  } catch (error) {
    release()
    throw error
  }
}

function queueOf(dispatcher: Dispatcher, ledger: Ledger, { begin, close }: Inlet & Pick<Queue, 'close'>): Queue {
  const { entries } = ledger
  const { lanes } = dispatcher
  return {
    begin,
    close,
    list: (filter) => listRows(entries.values(), filter, lanes),
    retry(selector) {
      const hastened: StoredEntry[] = []
      let moved = 0
      for (const entry of selected(entries, selector)) {
        const count = dispatcher.hasten(entry, matching(entry, selector))
        if (count > 0) hastened.push(entry)
        moved += count
      }
      dispatcher.routeAfresh(hastened)
      return moved
    },
    show: (id) => entries.get(id) ?? null,
    rows(id) {
      const entry = entries.get(id)
      return entry === undefined ? [] : entry.recipients.map((_, index) => rowOf(entry, index, lanes))
    },
    counts() {
      const paused = dispatcher.pauses.total
      const { waiting, held } = ledger.counts
      return { messages: entries.size, ...ledger.counts, waiting: waiting - paused, held: held + paused }
    },
    totals: () => ledger.totals,
    laneStates: () =>
      [...lanes.values()].map(({ nextHop, state, waiting, active, until, failures, why }) => ({
        nextHop: nextHop.key,
        kind: nextHop.kind,
        state,
        waiting,
        active,
        until: state === 'up' ? null : until,
        failures,
        why,
      })),
    probeRelays(relays) {
      for (const lane of lanes.values()) {
        if (lane.nextHop.kind === 'relay' && relays.includes(lane.nextHop.relay.name)) lane.probe()
      }
    },
    reroute: () => dispatcher.reroute(),
    release: (by) => dispatcher.release(by),
    paused: (by) => dispatcher.pauses.count(by),
    async drain() {
      dispatcher.isDraining = true
      await Promise.all([...dispatcher.carriers].map((carrier) => carrier.drain()))
      await ledger.whenIdle()
    },
  }
}

/** All messages only when that was said: a selector that was left empty by mistake moves nothing. */
function selected(entries: ReadonlyMap<string, StoredEntry>, selector: QueueSelector): Iterable<StoredEntry> {
  const { ids, all, recipient, domain, sender } = selector
  if (ids.length > 0) return ids.flatMap((id) => entries.get(id) ?? [])
  return all || recipient !== null || domain !== null || sender !== null ? entries.values() : []
}
