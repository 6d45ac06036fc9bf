import type { Clock } from '../mail/clock.ts'
import type { Envelope } from '../mail/envelope.ts'
import type { Log } from '../mail/log.ts'
import type { QueueEntry } from './entry.ts'
import type { BodyFacts } from './intake.ts'
import type { Spool } from './spool.ts'

/** What became of one recipient, by its index in the envelope. */
export type Outcome = {
  readonly index: number
  readonly expired: boolean
  readonly status: string | null
  readonly lastAttemptAt: number | null
}

export type ReportOrder = {
  /** The notification's own id. */
  readonly id: string
  readonly now: number
  readonly action: 'failed' | 'delivered' | 'relayed'
  readonly entry: QueueEntry
  readonly outcomes: readonly Outcome[]
}

/** A notification, ready for the spool. Its envelope has the null reverse-path. */
export type Report = { readonly envelope: Envelope; readonly chunks: readonly Buffer[]; readonly facts: BodyFacts }

export type MakeReport = (order: ReportOrder) => Promise<Report>

const retryMs = 10_000

/** Stores delivery status notifications in the spool, where they are messages like any other. */
export class Reporter {
  /** Notifications that are not yet stored. */
  pending = 0
  private readonly spool: Spool
  private readonly make: MakeReport
  private readonly clock: Clock
  private readonly log: Log
  private isClosed = false

  constructor(spool: Spool, make: MakeReport, clock: Clock, log: Log) {
    this.spool = spool
    this.make = make
    this.clock = clock
    this.log = log
  }

  /** Calls back when the notification is on stable storage; until then it is tried again, every ten seconds. */
  send(order: Omit<ReportOrder, 'id' | 'now'>, done: () => void): void {
    this.pending++
    this.trySend(order, () => {
      this.pending--
      done()
    })
  }

  close(): void {
    this.isClosed = true
  }

  private trySend(order: Omit<ReportOrder, 'id' | 'now'>, done: () => void): void {
    if (this.isClosed) return
    this.store(order).then(done, (error: Error) => {
      this.log.error('notification.not-stored', { of: order.entry.id, error: error.message })
      this.clock.setTimeout(() => this.trySend(order, done), retryMs)
    })
  }

  private async store(order: Omit<ReportOrder, 'id' | 'now'>): Promise<void> {
    const intake = this.spool.begin(() => {})
    if (intake === null) throw new Error('the spool takes nothing at the moment')
    const { id } = intake
    try {
      const { envelope, chunks, facts } = await this.make({ ...order, id, now: this.clock.now() })
      // A notification of a notification could go round for ever (RFC 5321 §6.1).
      if (envelope.from !== null) throw new Error('a notification must have the null reverse-path')
      for (const chunk of chunks) intake.write(chunk)
      await new Promise<void>((resolve, reject) => {
        intake.commit(envelope, facts, (error) => (error === null ? resolve() : reject(error)))
      })
      this.log.info('notification.stored', {
        id,
        of: order.entry.id,
        action: order.action,
        to: envelope.recipients[0]?.mailbox.text,
        recipients: order.outcomes.length,
      })
    } finally {
      intake.abort()
    }
  }
}

/**
 * Whether the sender wants to hear of it. Never when there is none (`<>`); failure unless NOTIFY= leaves it out; success
 * only when it was asked for (RFC 3461 §4.1).
 */
export function wantsReport(envelope: Envelope, index: number, of: 'failure' | 'success'): boolean {
  if (envelope.from === null) return false
  const notify = envelope.recipients[index]?.notify ?? null
  return notify === null ? of === 'failure' : notify.includes(of)
}
