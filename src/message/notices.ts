import { parseNotice, parseNoticeSubject } from '../mail/notice-template.ts'
import type { NotificationKind, NotificationSettings } from '../mail/notification-settings.ts'
import { type Mailbox, parseMailbox } from '../mail/path.ts'
import { defaultNotice, type Notice, type NoticeKind } from './default-notices.ts'

/** What a document says of notifications, read once for each graph. */
export type Notices = {
  readonly from: Mailbox | null
  readonly copy: { readonly to: Mailbox; readonly of: readonly NotificationKind[] } | null
  readonly language: string | undefined
  readonly reasons: ReadonlyMap<string, string>
  notice(kind: NoticeKind): Notice
}

const known = new WeakMap<NotificationSettings, Notices>()

/** What cannot be read, which no compiler lets through, is as if it were not said: a notification goes out all the same. */
export function noticesOf(settings: NotificationSettings): Notices {
  let notices = known.get(settings)
  if (notices === undefined) {
    notices = read(settings)
    known.set(settings, notices)
  }
  return notices
}

function read({ from, copy, language, reasons = [], texts = {} }: NotificationSettings): Notices {
  const copyTo = copy === undefined ? null : mailboxOf(copy.to)
  const own = new Map<NoticeKind, Notice>()
  for (const [kind, text] of Object.entries(texts) as [NotificationKind, NonNullable<typeof texts.failed>][]) {
    const usual = defaultNotice(kind)
    const subject = text.subject === undefined ? null : parseNoticeSubject(text.subject)
    const body = text.text === undefined ? null : parseNotice(text.text)
    own.set(kind, {
      subject: subject?.ok === true ? subject.value : usual.subject,
      text: body?.ok === true ? body.value : usual.text,
    })
  }
  return {
    from: from === undefined ? null : mailboxOf(from),
    copy: copy === undefined || copyTo === null ? null : { to: copyTo, of: copy.of },
    language,
    reasons: new Map(reasons.map(({ status, text }) => [status, text])),
    notice: (kind) => own.get(kind) ?? defaultNotice(kind),
  }
}

function mailboxOf(text: string): Mailbox | null {
  const mailbox = parseMailbox(text)
  return mailbox.ok ? mailbox.value : null
}
