import type { Clock } from '../mail/clock.ts'
import type { Envelope } from '../mail/envelope.ts'
import type { Log } from '../mail/log.ts'
import type { NotificationKind } from '../mail/notification-settings.ts'
import type { Mailbox } from '../mail/path.ts'
import type { QueueEntry } from './entry.ts'
import { Fifo } from './fifo.ts'
import type { BodyFacts } from './intake.ts'
import type { Spool } from './spool.ts'

/** What became of one recipient, by its index in the envelope. */
export type Outcome = {
  readonly index: number
  readonly expired: boolean
  readonly status: string | null
  readonly lastAttemptAt: number | null
  /** Given up because it was tried as often as its policy allows. */
  readonly spent?: boolean
  /** Of what is only late: how long it will be tried. */
  readonly retryUntil?: number
  /** Its route tells senders nothing. */
  readonly silent?: boolean
}

/** Still waits, and its sender should hear of it. */
export const lateOutcome = (
  entry: QueueEntry,
  index: number,
  { expireAfterMs, dsn }: { readonly expireAfterMs: number; readonly dsn?: 'never' },
): Outcome => {
  const { lastAttemptAt, why } = entry.recipients[index]!
  return {
    index,
    expired: false,
    // Of a next hop that was not reached the reason begins with it.
    status: /^4\.\d{1,3}\.\d{1,3}(?= )/.exec(why ?? '')?.[0] ?? null,
    lastAttemptAt,
    retryUntil: entry.queuedAt + expireAfterMs,
    silent: dsn === 'never',
  }
}

export type ReportOrder = {
  /** The notification's own id. */
  readonly id: string
  readonly now: number
  readonly action: NotificationKind
  readonly entry: QueueEntry
  readonly outcomes: readonly Outcome[]
}

/** A notification, ready for the spool. Its envelope has the null reverse-path. */
export type Report = { readonly envelope: Envelope; readonly chunks: readonly Buffer[]; readonly facts: BodyFacts }

/** `too-many`: that address has had its share of notifications, and gets none of this. */
export type MakeReport = (order: ReportOrder) => Promise<Report | 'too-many'>

export type ReporterOptions = {
  readonly make: MakeReport
  readonly clock: Clock
  readonly log: Log
  /** Who is told of a failed message that has no sender. Absent: nobody. */
  readonly doubleBounce?: () => Mailbox | null
}

const retryMs = 10_000
/** Notifications made at one moment; each holds the message that it is about. */
const maxRunning = 20

type Order = Omit<ReportOrder, 'id' | 'now'>
type Waiting = { readonly order: Order; readonly done: () => void }

/** Stores delivery status notifications in the spool, where they are messages like any other. */
export class Reporter {
  /** Notifications that are not yet stored. */
  pending = 0
  /** Stored since the start, by kind, and those that an address had too many of. */
  readonly totals: Record<NotificationKind | 'suppressed', number> = {
    failed: 0,
    delayed: 0,
    delivered: 0,
    relayed: 0,
    expanded: 0,
    suppressed: 0,
  }
  private readonly spool: Spool
  private readonly options: ReporterOptions
  private readonly waiting = new Fifo<Waiting>()
  private running = 0
  private isClosed = false

  constructor(spool: Spool, options: ReporterOptions) {
    this.spool = spool
    this.options = options
  }

  /**
   * Whether somebody is to hear of it: the sender, as NOTIFY says (RFC 3461 §4.1: failure unless it leaves it out, success
   * only when it names it, delay when it names it or says nothing), and never for a message without a sender. Of that one
   * the postmaster hears when it fails and the document wants so, but not of what failed to reach the postmaster.
   */
  isWanted(envelope: Envelope, index: number, of: 'failure' | 'success' | 'delay'): boolean {
    const recipient = envelope.recipients[index]
    // Of a journal the sender knows nothing.
    if (recipient === undefined || recipient.journal !== undefined) return false
    const { notify } = recipient
    if (envelope.from !== null) return notify === null ? of !== 'success' : notify.includes(of)
    const postmaster = of === 'failure' ? (this.options.doubleBounce?.() ?? null) : null
    if (postmaster === null || notify?.length === 0) return false
    return !isSame(recipient.mailbox, postmaster) && !isSame(recipient.original, postmaster)
  }

  /** Calls back when the notification is on stable storage; until then it is tried again, every ten seconds. */
  send(order: Order, done: () => void): void {
    this.pending++
    this.waiting.push({
      order,
      done: () => {
        this.pending--
        done()
      },
    })
    this.work()
  }

  close(): void {
    this.isClosed = true
  }

  private work(): void {
    while (!this.isClosed && this.running < maxRunning) {
      const next = this.waiting.shift()
      if (next === undefined) return
      if (isOver(next.order)) {
        next.done()
        continue
      }
      this.running++
      void this.attempt(next).finally(() => {
        this.running--
        this.work()
      })
    }
  }

  private async attempt(waiting: Waiting): Promise<void> {
    const { clock, log } = this.options
    const { order, done } = waiting
    try {
      await this.store(order)
    } catch (error) {
      if (this.isClosed) return
      log.error('notification.not-stored', { of: order.entry.id, error: (error as Error).message })
      clock.setTimeout(() => {
        this.waiting.push(waiting)
        this.work()
      }, retryMs)
      return
    }
    done()
  }

  private async store(order: Order): Promise<void> {
    const { clock, log, make } = this.options
    const intake = this.spool.begin(() => {})
    if (intake === null) throw new Error('the spool takes nothing at the moment')
    const { id } = intake
    const { entry, action, outcomes } = order
    const fields = { of: entry.id, action, recipients: outcomes.length }
    try {
      const report = await make({ ...order, id, now: clock.now() })
      if (report === 'too-many') {
        this.totals.suppressed++
        log.warn('notification.suppressed', { ...fields, to: entry.envelope.from?.text ?? '' })
        return
      }
      const { envelope, chunks, facts } = report
      // A notification of a notification could go round for ever (RFC 5321 §6.1).
      if (envelope.from !== null) throw new Error('a notification must have the null reverse-path')
      for (const chunk of chunks) intake.write(chunk)
      await new Promise<void>((resolve, reject) => {
        intake.commit(envelope, facts, (error) => (error === null ? resolve() : reject(error)))
      })
      this.totals[action]++
      log.info('notification.stored', { id, ...fields, to: envelope.recipients[0]?.mailbox.text })
    } finally {
      intake.abort()
    }
  }
}

/** What was late is over meanwhile: its sender is spared, or hears of the failure. */
const isOver = ({ action, entry, outcomes }: Order): boolean =>
  action === 'delayed' && outcomes.every(({ index }) => !stillWaits.has(entry.recipients[index]!.state))

const stillWaits: ReadonlySet<string> = new Set(['waiting', 'active', 'held'])

const isSame = (a: Mailbox, b: Mailbox): boolean =>
  a.domain === b.domain && a.localPart.toLowerCase() === b.localPart.toLowerCase()
