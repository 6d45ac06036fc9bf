import type { Clock } from '../mail/clock.ts'
import type { Envelope } from '../mail/envelope.ts'
import type { Log } from '../mail/log.ts'
import type { NotificationKind } from '../mail/notification-settings.ts'
import type { Archive } from './archive/archive.ts'
import type { RecipientState } from './entry.ts'
import type { Outcome, Reporter } from './reports.ts'
import type { Spool } from './spool.ts'
import type { RecipientSlot, StoredEntry } from './stored-entry.ts'

/** Every message of the queue, and what was decided of its recipients: in memory, on disk, and towards their senders. */
export class Ledger {
  /** Oldest first. */
  readonly entries = new Map<string, StoredEntry>()
  /** Messages so far, in this run. */
  entered = 0
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
  private readonly archive: Archive | null
  private onIdle: (() => void)[] = []

  constructor(spool: Spool, reporter: Reporter, clock: Clock, log: Log, archive: Archive | null = null) {
    this.archive = archive
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
    entry.number = this.entered++
    this.entries.set(entry.id, entry)
    for (const slot of entry.recipients) this.counts[slot.state]++
  }

  /**
   * Attempts or the time have come to an end. A copy for a journal does not end there: nobody would hear of it, and a
   * journal with a hole is none. It waits, for all to see, until an operator lets it go or drops it.
   */
  giveUp(entry: StoredEntry, outcomes: readonly Outcome[]): void {
    if (outcomes.length === 0) return
    const { recipients } = entry.envelope
    const isJournal = ({ index }: Outcome) => recipients[index]!.journal !== undefined
    if (!outcomes.some(isJournal)) {
      this.fail(entry, outcomes)
      return
    }
    const kept = outcomes.filter(isJournal)
    for (const { index, expired } of kept) {
      const slot = entry.recipients[index] as RecipientSlot
      slot.why = `the journal did not take it: ${slot.lastReply?.text ?? slot.why ?? (expired ? 'not in its time' : 'refused')}`
      this.to(slot, 'held')
      const to = recipients[index]!.mailbox.text
      this.log.error('journal.held', { id: entry.id, to, code: slot.lastReply?.code, why: slot.why })
    }
    this.changed(entry, indexesOf(kept))
    this.fail(
      entry,
      outcomes.filter((outcome) => !isJournal(outcome)),
    )
  }

  /**
   * They will not be tried again. Their sender hears of it first: the failure is marked when the notification is on
   * stable storage, so that a crash in between repeats the attempt and not the silence.
   */
  fail(entry: StoredEntry, outcomes: readonly Outcome[]): void {
    if (outcomes.length === 0) return
    this.totals.failed += outcomes.length
    const { envelope } = entry
    const reported: Outcome[] = []
    const silent: Outcome[] = []
    for (const outcome of outcomes) {
      const { index, expired } = outcome
      const slot = entry.recipients[index] as RecipientSlot
      const notified = this.isTold(envelope, outcome, 'failure')
      if (notified) reported.push(outcome)
      else silent.push(outcome)
      this.to(slot, 'failed')
      this.log.warn(expired ? 'message.expired' : 'message.failed', {
        id: entry.id,
        to: envelope.recipients[index]!.mailbox.text,
        code: slot.lastReply?.code,
        reply: slot.lastReply?.text ?? slot.why,
        host: slot.lastHost,
        attempts: slot.attempts,
        notified,
      })
    }
    const settled = (done: readonly Outcome[]): void => {
      entry.open -= done.length
      for (const { index } of done) (entry.recipients[index] as RecipientSlot).isReporting = false
      this.changed(entry, indexesOf(done))
    }
    for (const { index } of reported) (entry.recipients[index] as RecipientSlot).isReporting = true
    for (const part of portions(reported)) {
      this.reporter.send({ action: 'failed', entry, outcomes: part }, () => {
        settled(part)
        this.checkIdle()
      })
    }
    if (silent.length > 0) settled(silent)
  }

  /**
   * They still wait, for longer than their sender may expect. He hears of it once for each recipient: that he did is
   * marked when the notification is stored, so that a crash in between tells him twice rather than never.
   */
  warn(entry: StoredEntry, outcomes: readonly Outcome[]): void {
    if (outcomes.length === 0) return
    const told = outcomes.filter((outcome) => this.isTold(entry.envelope, outcome, 'delay'))
    if (told.length === 0) return
    for (const { index } of told) (entry.recipients[index] as RecipientSlot).isWarned = true
    for (const part of portions(told)) this.report(entry, 'delayed', part, () => indexesOf(part))
  }

  /**
   * An alias stood for several mailboxes, and the sender asked to hear of success: he hears once that it was expanded,
   * and nothing more of success (RFC 3461 §5.2.7.3).
   */
  reportExpansion(entry: StoredEntry): void {
    const { recipients } = entry.envelope
    for (let index = 0; index < recipients.length; index++) {
      if (recipients[index]!.expanded !== true) continue
      const slot = entry.recipients[index] as RecipientSlot
      if (slot.isExpansionTold) continue
      slot.isExpansionTold = true
      if (entry.envelope.from === null) continue
      const outcome = { index, expired: false, status: null, lastAttemptAt: null }
      this.report(entry, 'expanded', [outcome], () => [index])
    }
  }

  /**
   * Success is reported where it was asked for and nobody behind us will do it. It is marked first: a second copy of the
   * message would be worse than no report. The message stays until the report is stored, as the report quotes it.
   */
  reportSuccess(entry: StoredEntry, delivered: readonly number[], action: 'delivered' | 'relayed'): void {
    if (delivered.length === 0) return
    const wanted = delivered.filter((index) => this.reporter.isWanted(entry.envelope, index, 'success'))
    if (wanted.length === 0) return
    const lastAttemptAt = this.clock.now()
    const outcomes = wanted.map((index) => ({ index, expired: false, status: null, lastAttemptAt }))
    this.report(entry, action, outcomes, () => [])
  }

  /** Stores a notification that decides nothing; the message stays until then, as it is quoted. */
  private report(
    entry: StoredEntry,
    action: NotificationKind,
    outcomes: readonly Outcome[],
    toMark: () => readonly number[],
  ): void {
    entry.open++
    this.reporter.send({ action, entry, outcomes }, () => {
      entry.open--
      this.changed(entry, toMark())
      this.checkIdle()
    })
  }

  private isTold(envelope: Envelope, { index, silent }: Outcome, of: 'failure' | 'delay'): boolean {
    return silent !== true && this.reporter.isWanted(envelope, index, of)
  }

  /** Their new state is final, or an attempt's: it goes to the disk, or the whole message leaves it. */
  changed(entry: StoredEntry, recipients: readonly number[]): void {
    if (entry.open === 0) {
      if (this.archive !== null && this.archives(this.archive, entry, recipients)) return
      this.entries.delete(entry.id)
      for (const slot of entry.recipients) this.counts[slot.state]--
      this.spool.done(entry)
    } else if (recipients.length > 0) this.spool.mark(entry, recipients)
  }

  /** It leaves when its copies are made. That it is over is marked first: a crash may cost a copy, and sends nothing twice. */
  private archives(archive: Archive, entry: StoredEntry, recipients: readonly number[]): boolean {
    if (entry.isArchived) return false
    entry.isArchived = true
    const kinds = archive.kindsFor(entry.recipients)
    if (kinds.length === 0) return false
    if (recipients.length > 0) this.spool.mark(entry, recipients)
    entry.open++
    archive.keep(entry, kinds, () => {
      entry.open--
      this.changed(entry, [])
      this.checkIdle()
    })
    return true
  }

  to(slot: RecipientSlot, state: RecipientState['state']): void {
    this.counts[slot.state]--
    this.counts[state]++
    slot.state = state
  }

  checkIdle(): void {
    if (this.onIdle.length === 0 || this.counts.active > 0 || this.reporter.pending > 0) return
    if ((this.archive?.pending ?? 0) > 0) return
    for (const done of this.onIdle.splice(0)) done()
  }
}

const indexesOf = (outcomes: readonly Outcome[]): readonly number[] => outcomes.map(({ index }) => index)

/** Recipients in one notification: one about a hundred thousand would be larger than any host takes. */
const mostTogether = 500

function* portions(outcomes: readonly Outcome[]): Generator<readonly Outcome[], void, void> {
  for (let from = 0; from < outcomes.length; from += mostTogether) yield outcomes.slice(from, from + mostTogether)
}
