import { mkdirSync } from 'node:fs'
import type { Mailbox } from '../mail/path.ts'
import type { Reply } from '../mail/reply.ts'
import type { Archive } from './archive/archive.ts'
import { attemptsOf, type PastAttempt } from './attempt-history.ts'
import { type DeliveryResult, Dispatcher, type DispatcherOptions } from './dispatcher.ts'
import type { QueueEntry, RecipientState } from './entry.ts'
import type { Inlet } from './intake.ts'
import { Ledger } from './ledger.ts'
import { type ListParts, listRows, type QueueFilter, type QueueRow, type Ruling, rowOf } from './listing.ts'
import { type Lock, lockFolder } from './lock.ts'
import type { NextHopLane } from './next-hop-lane.ts'
import { operate, type QueueOrder, type QueueOutcome } from './operations.ts'
import { type MakeReport, Reporter } from './reports.ts'
import { type MatchParts, matcher, type QueueConditions } from './selector.ts'
import { shownState } from './shown.ts'
import { openSpool, type Spool, type SpoolOptions } from './spool.ts'
import { Steering } from './steering.ts'
import type { RecipientSlot, StoredEntry } from './stored-entry.ts'

export type QueueOptions = DispatcherOptions &
  QueueViews & {
    /** The state folder; made when it is not there, and locked. */
    readonly dir: string
    readonly notify: MakeReport
    /** What is found in the folder is delivered from `start` on. Absent: at once. */
    readonly waits?: true
    /** Who is told of a failed message that has no sender. Absent: nobody. */
    readonly doubleBounce?: () => Mailbox | null
    /** Keeps copies of what leaves; absent: nobody does. */
    readonly archive?: Archive
    /** Of the folder, when the caller has taken it already; the caller releases it. */
    readonly lock?: Lock
    /** Sizes and the disk, for tests and measurements. */
    readonly spool?: Partial<Omit<SpoolOptions, 'dir' | 'clock' | 'log'>>
  }

/** What operators are shown and may ask for, of which the queue itself knows nothing. */
export type QueueViews = {
  /** The row of the active graph that decides where a recipient goes now. Absent: nobody asks. */
  readonly ruling?: (mailbox: Mailbox, entry: QueueEntry) => Ruling
  /** Why a recipient may not go by a relay that an operator names; `null`: it may. Absent: there are no relays. */
  readonly whyNotVia?: (mailbox: Mailbox, entry: QueueEntry, relay: string) => string | null
  /** Whether an address is in a network. Absent: networks select nothing. */
  readonly isIn?: MatchParts['isIn']
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
  /** Since when it is not up. */
  readonly since: number | null
  /** What it said when it was last down. */
  readonly reply: Reply | null
}

export type QueueCounts = Readonly<Record<'messages' | RecipientState['state'], number>>

export type Queue = Inlet & {
  /** Begins to deliver what was found in the folder, where that `waits`. */
  start(): void
  /** Oldest first. */
  list(filter: QueueFilter): AsyncGenerator<readonly QueueRow[], void, void>
  /** What an operator does to what waits. One after the other. */
  operate(order: QueueOrder): Promise<QueueOutcome>
  show(id: string): QueueEntry | null
  /** All recipients of a message, in whatever state; empty when it is not here. */
  rows(id: string): readonly QueueRow[]
  /** What came of the attempts of a message so far, by recipient; empty when it is not here. */
  attempts(id: string): Promise<readonly (readonly PastAttempt[])[]>
  /** Recipients by state, of the messages that are still here. */
  counts(): QueueCounts
  /** Recipients that were delivered, put off (each time) and failed since the start. */
  totals(): Readonly<Record<DeliveryResult, number>>
  /** Notifications stored since the start, by kind, and those that an address had too many of. */
  notifications(): Reporter['totals']
  /** Epoch ms at which the oldest message came; `null`: there is none. */
  oldest(): number | null
  laneStates(): readonly LaneState[]
  /** Forgets how often these next hops (by their keys) were down, and tries them now. Gives how many there are. */
  resetLanes(isMeant: (nextHop: string) => boolean): number
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
    const { notify: make, doubleBounce } = options
    const reporter = new Reporter(spool, { make, clock, log, ...(doubleBounce === undefined ? {} : { doubleBounce }) })
    const ledger = new Ledger(spool, reporter, clock, log, options.archive ?? null)
    const dispatcher = new Dispatcher(options, ledger)
    spool.sink = dispatcher
    const { entries, segments, tornBytes, damaged } = recovered
    const tookMs = Math.round(performance.now() - begun)
    log.info('queue.opened', { messages: entries.length, segments, tornBytes, damaged, tookMs })
    let found: readonly StoredEntry[] = entries
    const start = () => {
      dispatcher.resume(found)
      found = []
    }
    if (options.waits !== true) start()
    return queueOf(
      { options, spool, dispatcher, ledger, reporter },
      {
        start,
        begin: (onReady) => spool.begin(onReady),
        async close() {
          dispatcher.close()
          for (const carrier of dispatcher.carriers) carrier.close()
          reporter.close()
          await spool.close()
          release()
        },
      },
    )
  } catch (error) {
    release()
    throw error
  }
}

type Parts = {
  readonly options: QueueOptions
  readonly spool: Spool
  readonly dispatcher: Dispatcher
  readonly ledger: Ledger
  readonly reporter: Reporter
}

function queueOf(
  { options, spool, dispatcher, ledger, reporter }: Parts,
  { start, begin, close }: Inlet & Pick<Queue, 'start' | 'close'>,
): Queue {
  const { entries } = ledger
  const { lanes } = dispatcher
  const { clock, log, ruling, whyNotVia = () => 'there are no relays', isIn = () => false } = options
  const mailboxOf = (entry: StoredEntry, index: number) => entry.peekRecipients()[index]!.mailbox
  const views: Omit<ListParts, 'match'> = {
    shown: (entry, index) => shownState(entry.recipients[index] as RecipientSlot, lanes),
    ruling: (entry, index) => ruling?.(mailboxOf(entry, index), entry) ?? null,
  }
  const match = (conditions: QueueConditions) => matcher(conditions, { now: clock.now(), shown: views.shown, isIn })
  const steering = new Steering({ clock, log, spool, ledger, dispatcher })
  const forgetGone = () => dispatcher.forgetGone()
  // Two at once would count each other's.
  let operating: Promise<unknown> = Promise.resolve()
  return {
    start,
    begin,
    close,
    list: (filter) => listRows(entries, filter, { ...views, match: match(filter) }),
    operate(order) {
      const mayNot = (entry: StoredEntry, index: number, relay: string) =>
        whyNotVia(mailboxOf(entry, index), entry, relay)
      const outcome = operating.then(() =>
        operate(order, {
          ...views,
          ledger,
          spool,
          steering,
          match: match(order.selector),
          whyNotVia: mayNot,
          forgetGone,
        }),
      )
      operating = outcome.catch(() => {})
      return outcome
    },
    oldest: () => entries.values().next().value?.queuedAt ?? null,
    show: (id) => entries.get(id) ?? null,
    rows(id) {
      const entry = entries.get(id)
      return entry === undefined ? [] : entry.recipients.map((_, index) => rowOf(entry, index, views))
    },
    async attempts(id) {
      const entry = entries.get(id)
      return entry === undefined ? [] : await attemptsOf(entry)
    },
    counts() {
      const paused = dispatcher.pauses.total
      const { waiting, held } = ledger.counts
      return { messages: entries.size, ...ledger.counts, waiting: waiting - paused, held: held + paused }
    },
    totals: () => ledger.totals,
    notifications: () => reporter.totals,
    laneStates: () =>
      [...lanes.values()].map(({ nextHop, state, waiting, active, until, failures, why, since, reply }) => ({
        nextHop: nextHop.key,
        kind: nextHop.kind,
        state,
        waiting,
        active,
        until: state === 'up' ? null : until,
        failures,
        why,
        since,
        reply,
      })),
    resetLanes(isMeant) {
      const meant = [...lanes.values()].filter(({ nextHop }) => isMeant(nextHop.key))
      for (const lane of meant) lane.reset()
      return meant.length
    },
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
