import type { Mailbox } from '../mail/path.ts'
import { notification } from '../message/notification.ts'
import { type Original, originalOf } from '../message/original.ts'
import type { MakeReport } from './reports.ts'

/** Of the active graph; asked at each notification. */
export type Notifying = {
  readonly hostname: string
  readonly postmaster: Mailbox
  readonly graphHash: string
}

/** Makes notifications by RFC 3464. A message that cannot be read any more is reported without its header. */
export function makeReports(active: () => Notifying): MakeReport {
  return async ({ id, now, action, entry, outcomes }) => {
    const { hostname, postmaster, graphHash } = active()
    const { envelope } = entry
    const { from, ret, smtputf8, envid } = envelope
    if (from === null) throw new Error(`${entry.id}: no notification for the null reverse-path`)
    const unreadable: Original = { kind: 'header', header: Buffer.alloc(0) }
    const original = await originalOf(entry.body, ret, action !== 'failed').catch(() => unreadable)
    return notification({
      id,
      now,
      to: from,
      postmaster,
      graphHash,
      smtputf8,
      original,
      action,
      reportingMta: hostname,
      envid,
      arrivedAt: entry.queuedAt,
      originalId: entry.id,
      retryUntil: null,
      recipients: outcomes.map(({ index, expired, status, lastAttemptAt }) => {
        const { lastReply, lastHost, why } = entry.recipients[index]!
        const recipient = envelope.recipients[index]!
        return { recipient, reply: lastReply, host: lastHost, status, why: why ?? '', expired, lastAttemptAt }
      }),
    })
  }
}
