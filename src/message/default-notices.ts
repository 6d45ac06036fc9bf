import { type NoticeLine, type NoticeTemplate, parseNotice, parseNoticeSubject } from '../mail/notice-template.ts'
import type { NotificationKind } from '../mail/notification-settings.ts'

/** What a notification of one kind says. */
export type Notice = { readonly subject: NoticeLine; readonly text: NoticeTemplate }

/** A failure of a message without a sender is told to the postmaster in other words. */
export type NoticeKind = NotificationKind | 'double-bounce'

const recipients = `{each}
  <{recipient}>
      written as <{original}>
      {reason}
      It will be tried until {until}.
      {host} said: {answer}
      {why}

{end}`

const message = `Your message
      subject   {subject}
      sent      {date}
      number    {id}

If you need help, write to <{postmaster}> and give this number.

Below is a report for programs and mail experts, and your message or the
beginning of it.

{gateway}`

/** The gateway's own English, for people who know nothing of mail. A document may have others (docs/notifications.md). */
export const defaultNotices: Readonly<Record<NoticeKind, { readonly subject: string; readonly text: string }>> = {
  failed: {
    subject: 'Undelivered mail',
    text: `Your message could not be delivered, and will not be tried again, to

${recipients}
${message}`,
  },
  delayed: {
    subject: 'Delayed mail (still being tried)',
    text: `Your message is late. You do not need to send it again: it is still being
tried. It has not been delivered yet to

${recipients}
${message}`,
  },
  delivered: {
    subject: 'Delivered mail',
    text: `You asked to be told: your message has been delivered into the mailbox of

${recipients}
${message}`,
  },
  relayed: {
    subject: 'Mail handed on',
    text: `You asked to be told: your message has been handed on to the mail system of
the recipients below. It does not report what becomes of your message, so you
will hear no more, unless it fails there.

${recipients}
${message}`,
  },
  expanded: {
    subject: 'Mail handed on to several mailboxes',
    text: `You asked to be told: the address below stands for several mailboxes, and your
message is on its way to all of them. You will be told of those that it does not
reach, and nothing of the others.

${recipients}
${message}`,
  },
  'double-bounce': {
    subject: 'Undelivered mail without a sender',
    text: `To the postmaster: a message without a sender, most likely a notification,
could not be delivered, and there is nobody else to tell. It was for

${recipients}
The message
      subject   {subject}
      came      {date}
      number    {id}

{gateway}`,
  },
}

const parsed = new Map<NoticeKind, Notice>()

export function defaultNotice(kind: NoticeKind): Notice {
  let notice = parsed.get(kind)
  if (notice === undefined) {
    const subject = parseNoticeSubject(defaultNotices[kind].subject)
    const text = parseNotice(defaultNotices[kind].text)
    if (!subject.ok || !text.ok) throw new Error(`the text of a notification (${kind}) is wrong`)
    notice = { subject: subject.value, text: text.value }
    parsed.set(kind, notice)
  }
  return notice
}
