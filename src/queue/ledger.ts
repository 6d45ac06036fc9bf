import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import type { RecipientState } from './entry.ts'
import { type Outcome, type Reporter, wantsReport } from './reports.ts'
import type { Spool } from './spool.ts'
import type { RecipientSlot, StoredEntry } from './stored-entry.ts'

/** Every message of the queue, and what was decided of its recipients: in memory, on disk, and towards their senders. */
export class Ledger {
  /** Oldest first. */
  readonly entries = new Map<string, StoredEntry>()
  readonly counts: Record<RecipientState['state'], number> = {
    waiting: 0,
    active: 0,
    held: 0,
    delivered: 0,
    failed: 0,
    discarded: 0,
  }
  /** Since the start, by recipient: what attempts and the time came to. */
  readonly totals = { delivered: 0, deferred: 0, failed: 0 }
  private readonly spool: Spool
  private readonly reporter: Reporter
  private readonly clock: Clock
  private readonly log: Log
  private onIdle: (() => void)[] = []

  constructor(spool: Spool, reporter: Reporter, clock: Clock, log: Log) {
    this.spool = spool
    this.reporter = reporter
    this.clock = clock
    this.log = log
  }

  /** Resolves when nothing is with a carrier and no notification waits for the disk. */
  whenIdle(): Promise<void> {
    return new Promise((resolve) => {
      this.onIdle.push(resolve)
      this.checkIdle()
    })
  }

  enter(entry: StoredEntry): void {
    this.entries.set(entry.id, entry)
    for (const slot of entry.recipients) this.counts[slot.state]++
  }

  /**
   * They will not be tried again. Their sender hears of it first: the failure is marked when the notification is on
   * stable storage, so that a crash in between repeats the attempt and not the silence.
   */
  fail(entry: StoredEntry, outcomes: readonly Outcome[]): void {
    if (outcomes.length === 0) return
    this.totals.failed += outcomes.length
    const { envelope } = entry
    const silent = outcomes.filter(({ index }) => !wantsReport(envelope, index, 'failure'))
    const reported = outcomes.filter(({ index }) => wantsReport(envelope, index, 'failure'))
    for (const { index, expired } of outcomes) {
      const slot = entry.recipients[index] as RecipientSlot
      this.to(slot, 'failed')
      this.log.warn(expired ? 'message.expired' : 'message.failed', {
        id: entry.id,
        to: envelope.recipients[index]!.mailbox.text,
        code: slot.lastReply?.code,
        reply: slot.lastReply?.text ?? slot.why,
        host: slot.lastHost,
        notified: wantsReport(envelope, index, 'failure'),
      })
    }
    const settled = (done: readonly Outcome[]): void => {
      entry.open -= done.length
      for (const { index } of done) (entry.recipients[index] as RecipientSlot).isReporting = false
      this.changed(
        entry,
        done.map(({ index }) => index),
      )
    }
    if (reported.length > 0) {
      for (const { index } of reported) (entry.recipients[index] as RecipientSlot).isReporting = true
      this.reporter.send({ action: 'failed', entry, outcomes: reported }, () => {
        settled(reported)
        this.checkIdle()
      })
    }
    if (silent.length > 0) settled(silent)
  }

  /**
   * Success is reported where it was asked for and nobody behind us will do it. It is marked first: a second copy of the
   * message would be worse than no report. The message stays until the report is stored, as the report quotes it.
   */
  reportSuccess(entry: StoredEntry, delivered: readonly number[], action: 'delivered' | 'relayed'): void {
    if (delivered.length === 0) return
    const wanted = delivered.filter((index) => wantsReport(entry.envelope, index, 'success'))
    if (wanted.length === 0) return
    const lastAttemptAt = this.clock.now()
    const outcomes = wanted.map((index) => ({ index, expired: false, status: null, lastAttemptAt }))
    entry.open++
    this.reporter.send({ action, entry, outcomes }, () => {
      entry.open--
      this.changed(entry, [])
      this.checkIdle()
    })
  }

  /** Their new state is final, or an attempt's: it goes to the disk, or the whole message leaves it. */
  changed(entry: StoredEntry, recipients: readonly number[]): void {
    if (entry.open === 0) {
      this.entries.delete(entry.id)
      for (const slot of entry.recipients) this.counts[slot.state]--
      this.spool.done(entry)
    } else if (recipients.length > 0) this.spool.mark(entry, recipients)
  }

  to(slot: RecipientSlot, state: RecipientState['state']): void {
    this.counts[slot.state]--
    this.counts[state]++
    slot.state = state
  }

  checkIdle(): void {
    if (this.onIdle.length === 0 || this.counts.active > 0 || this.reporter.pending > 0) return
    for (const done of this.onIdle.splice(0)) done()
  }
}
