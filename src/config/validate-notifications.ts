import { isReasonPattern, longestReason, parseNotice, parseNoticeSubject } from '../mail/notice-template.ts'
import {
  defaultNotificationLimit,
  type NotificationKind,
  type NotificationSettings,
  notificationKinds,
} from '../mail/notification-settings.ts'
import { needsUtf8 } from '../mail/path.ts'
import type { Result } from '../mail/result.ts'
import type { Notice, Notifications } from './define-notices.ts'
import { readMailbox } from './patterns.ts'
import type { DocPath } from './positions.ts'
import { readRate } from './validate-rates.ts'
import { take, valueSpot } from './validate-read.ts'
import type { Report } from './validate-report.ts'
import { entries } from './validate-rows.ts'

const root = 'notifications'

type Said<Key extends keyof NotificationSettings> = NonNullable<NotificationSettings[Key]>

/** What the document says of notifications; `null`: nothing that differs from what is usual. */
export function notifications(report: Report, section: unknown): NotificationSettings | null {
  const written = Object.fromEntries(
    entries(section).filter(([key, value]) => value !== undefined && report.sound([root, key])),
  ) as Notifications
  const { from, copy, doubleBounce, limit, language, texts, reasons } = written
  const settings: NotificationSettings = {
    ...(from === undefined ? {} : { from: mailboxAt(report, from, [root, 'from']) }),
    ...(copy === undefined ? {} : { copy: copyOf(report, copy) }),
    ...(doubleBounce === 'postmaster' ? { doubleBounce } : {}),
    ...(limit === undefined ? {} : limitOf(report, limit)),
    ...(language === undefined ? {} : { language: languageOf(report, language) }),
    ...(texts === undefined ? {} : { texts: textsOf(report, texts) }),
    ...(reasons === undefined ? {} : { reasons: reasonsOf(report, reasons) }),
  }
  return Object.keys(settings).length === 0 ? null : settings
}

/** In each notification, also in those that may hold nothing but ASCII. */
function mailboxAt(report: Report, text: string, path: DocPath): string {
  const mailbox = take(report, 'MG1303', valueSpot(path), readMailbox(text))
  if (mailbox !== null && needsUtf8(mailbox)) {
    report.error('MG1303', valueSpot(path), 'expected an address in ASCII, as every host has to take it')
  }
  return mailbox?.text ?? ''
}

function copyOf(report: Report, { to, of }: NonNullable<Notifications['copy']>): Said<'copy'> {
  const kinds = new Set<NotificationKind>([of].flat())
  if (kinds.size === 0) report.error('MG1205', valueSpot([root, 'copy', 'of']), 'expected at least one kind, got none')
  // In the order in which RFC 3464 has them: that of the document means nothing.
  return { to: mailboxAt(report, to, [root, 'copy', 'to']), of: notificationKinds.filter((kind) => kinds.has(kind)) }
}

function limitOf(report: Report, text: string): Pick<NotificationSettings, 'limit'> {
  if (text === 'off') return { limit: null }
  const rate = take(report, 'MG1332', valueSpot([root, 'limit']), readRate(text, 'messages'))
  const { most, perMs } = defaultNotificationLimit
  return rate === null || (rate.most === most && rate.perMs === perMs) ? {} : { limit: rate }
}

/** As much of RFC 5646 as texts need: language, script, region, variants. */
function languageOf(report: Report, text: string): string {
  if (!/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$/.test(text)) {
    const message = `expected a language tag, such as "de" or "pt-BR", got ${JSON.stringify(text)}`
    report.error('MG1360', valueSpot([root, 'language']), message)
  }
  return text
}

function textsOf(report: Report, texts: NonNullable<Notifications['texts']>): Said<'texts'> {
  const read = Object.entries(texts).flatMap(([kind, notice]) => {
    const path = [root, 'texts', kind]
    return notice === undefined || !report.sound(path) ? [] : [[kind, noticeOf(report, notice, path)] as const]
  })
  return Object.fromEntries(read)
}

function noticeOf(report: Report, { subject, text }: Notice, path: DocPath): { subject?: string; text?: string } {
  const check = (key: 'subject' | 'text', result: Result<unknown>) => {
    if (!result.ok) report.error('MG1360', valueSpot([...path, key]), result.error)
  }
  if (subject === undefined && text === undefined) {
    report.error('MG1205', { kind: 'key', path }, 'expected subject or text, got none of them')
  }
  // A reference to a file is its text by now.
  const source = typeof text === 'string' ? text.replace(/\r\n/g, '\n').replace(/\n+$/, '') : undefined
  if (subject !== undefined) check('subject', parseNoticeSubject(subject))
  if (source !== undefined) check('text', parseNotice(source))
  return { ...(subject === undefined ? {} : { subject }), ...(source === undefined ? {} : { text: source }) }
}

function reasonsOf(report: Report, reasons: NonNullable<Notifications['reasons']>): Said<'reasons'> {
  return Object.entries(reasons)
    .map(([status, text]) => {
      const path = [root, 'reasons', status]
      if (!isReasonPattern(status)) {
        const expected = 'expected a status such as "5.1.1", "5.1.*" or "5.*", or "attempts"'
        report.error('MG1360', { kind: 'key', path }, `${expected}, got ${JSON.stringify(status)}`)
      }
      if (text.trim() === '' || text.length > longestReason || /[\x00-\x1f\x7f-\x9f]/.test(text)) {
        report.error('MG1360', valueSpot(path), `expected one line of at most ${longestReason} characters`)
      }
      return { status, text }
    })
    .sort((a, b) => (a.status < b.status ? -1 : 1))
}
