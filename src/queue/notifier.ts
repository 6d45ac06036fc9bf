import type { Envelope } from '../mail/envelope.ts'
import {
  defaultNotificationLimit,
  type NotificationKind,
  type NotificationSettings,
} from '../mail/notification-settings.ts'
import type { Mailbox } from '../mail/path.ts'
import type { Reported } from '../message/delivery-status.ts'
import { noticesOf } from '../message/notices.ts'
import { notification } from '../message/notification.ts'
import { type Original, originalOf, redacted } from '../message/original.ts'
import { NotificationLimit } from './notification-limit.ts'
import type { MakeReport, Outcome, ReportOrder } from './reports.ts'

/** Of the active graph; asked at each notification. */
export type Notifying = {
  readonly hostname: string
  readonly postmaster: Mailbox
  readonly graphHash: string
  /** Absent: what is usual. */
  readonly settings?: NotificationSettings
  /** Came from somebody of whom nobody knows whether the sender is his. Absent: nobody does. */
  readonly isStranger?: (envelope: Envelope) => boolean
}

/** Makes notifications by RFC 3464. A message that cannot be read any more is reported without its header. */
export function makeReports(active: () => Notifying): MakeReport {
  const limit = new NotificationLimit()
  return async ({ id, now, action, entry, outcomes }) => {
    const { hostname, postmaster, graphHash, settings = {}, isStranger } = active()
    const { envelope } = entry
    const { from, ret, smtputf8, envid } = envelope
    const to = from ?? postmaster
    const share = settings.limit === undefined ? defaultNotificationLimit : settings.limit
    if (share !== null && isStranger?.(envelope) === true && !limit.admit(to.text.toLowerCase(), share, now)) {
      return 'too-many'
    }
    const notices = noticesOf(settings)
    const unreadable: Original = { kind: 'header', header: Buffer.alloc(0) }
    const original = await originalOf(
      entry.body,
      envelope.tls === 'required' ? 'hdrs' : ret,
      action === 'failed',
    ).catch(() => unreadable)
    const made = notification({
      id,
      now,
      to,
      copyTo: notices.copy?.of.includes(action) === true ? notices.copy.to : null,
      from: notices.from ?? postmaster,
      postmaster,
      graphHash,
      smtputf8,
      original: envelope.tls === 'required' ? redacted(original) : original,
      action,
      notice: notices.notice(from === null ? 'double-bounce' : action),
      ...(notices.language === undefined ? {} : { language: notices.language }),
      reasons: notices.reasons,
      reportingMta: hostname,
      envid,
      arrivedAt: entry.queuedAt,
      originalId: entry.id,
      recipients: outcomes.map((outcome) => reportedOf(entry, action, outcome)),
    })
    // What tells of protected mail is protected like it (RFC 8689 §4.3).
    return envelope.tls === 'required' ? { ...made, envelope: { ...made.envelope, tls: 'required' } } : made
  }
}

function reportedOf(entry: ReportOrder['entry'], action: NotificationKind, outcome: Outcome): Reported {
  const { index, expired, status, lastAttemptAt, spent, retryUntil } = outcome
  const recipient = entry.envelope.recipients[index]!
  const common = { expired, status, lastAttemptAt, ...(retryUntil === undefined ? {} : { retryUntil }) }
  // Of an alias that was expanded it is told what it is, and not whom it stands for.
  if (action === 'expanded') {
    return { ...common, recipient: { ...recipient, mailbox: recipient.original }, reply: null, host: null, why: '' }
  }
  const { lastReply, lastHost, why, attempts } = entry.recipients[index]!
  const tried = spent === true ? { attempts } : {}
  return { ...common, ...tried, recipient, reply: lastReply, host: lastHost, why: why ?? '' }
}
