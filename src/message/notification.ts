import type { Envelope, Recipient } from '../mail/envelope.ts'
import type { Mailbox } from '../mail/path.ts'
import { dateTime } from './date.ts'
import type { Notice } from './default-notices.ts'
import { deliveryStatus, type StatusFacts } from './delivery-status.ts'
import { encodedText } from './encoded-word.ts'
import { asciiOnly, field, wholeField } from './fold.ts'
import { notificationText, subjectText, type TextFacts } from './notification-text.ts'
import type { Original } from './original.ts'
import { originalSubject } from './original-subject.ts'
import { quotedPrintable } from './quoted-printable.ts'

export type NotificationOrder = StatusFacts & {
  /** The notification's own id. */
  readonly id: string
  /** Reverse-path of the message; the postmaster for a message that has none (`<>`, RFC 5321 §6.1). */
  readonly to: Mailbox
  /** Gets the same notification, unseen by `to`. */
  readonly copyTo?: Mailbox | null
  /** In From. */
  readonly from: Mailbox
  /** For help. */
  readonly postmaster: Mailbox
  readonly now: number
  readonly graphHash: string
  /** The message came with SMTPUTF8: then the notification may be internationalized too (RFC 6533). */
  readonly smtputf8: boolean
  readonly original: Original
  readonly notice: Notice
  /** Of the text (RFC 5646), such as `de`. */
  readonly language?: string
  readonly reasons?: ReadonlyMap<string, string>
}

/** A message ready for the spool: content dot-stuffed, lines ended by CRLF. */
export type Notification = {
  readonly envelope: Envelope
  readonly chunks: readonly Buffer[]
  readonly facts: { readonly dots: boolean; readonly eightBit: boolean }
}

/** Writes a delivery status notification: multipart/report (RFC 6522) with the parts of RFC 3464, from `<>`. */
export function notification(order: NotificationOrder): Notification {
  const { original, smtputf8: utf8, language } = order
  const boundary = `=_mailgw_${order.id.replace(/[^A-Za-z0-9]/g, '_')}`
  const part = (type: string, encoding: string) =>
    `\r\n--${boundary}\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n`

  const facts: TextFacts = {
    ...order,
    postmaster: order.postmaster.text,
    sender: order.to.text,
    subject: originalSubject(original),
    reasons: order.reasons ?? noReasons,
  }
  const text = notificationText(order.notice.text, facts)
  const status = deliveryStatus(order, utf8)
  const isWide = /[^\x00-\x7f]/.test(status)
  let head = header(order, subjectText(order.notice.subject, facts))
  head += `Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="${boundary}"\r\n`
  // What a part needs, the whole needs too (RFC 2045 §6.4).
  if (isWide || (original.kind === 'message' && original.eightBit)) head += 'Content-Transfer-Encoding: 8bit\r\n'
  head += '\r\nThis is a delivery status notification in MIME format (RFC 3464).\r\n'
  // A host may answer in any script; in quoted-printable the notification still goes everywhere.
  const isAscii = !/[^\x00-\x7f]/.test(text)
  head += part(`text/plain; charset=${isAscii ? 'us-ascii' : 'utf-8'}`, isAscii ? '7bit' : 'quoted-printable')
  if (language !== undefined) head += field('Content-Language', language)
  head += `Content-Description: Notification\r\n\r\n${isAscii ? text : quotedPrintable(Buffer.from(text))}`
  head += part(utf8 ? 'message/global-delivery-status' : 'message/delivery-status', isWide ? '8bit' : '7bit')
  head += `Content-Description: Delivery report\r\n\r\n${status}`

  const chunks: Buffer[] = []
  if (original.kind === 'message') {
    head += part(utf8 ? 'message/global' : 'message/rfc822', original.eightBit ? '8bit' : '7bit')
    head += 'Content-Description: Your message\r\n\r\n'
    // The message is stuffed already, and its first line begins a line here too.
    chunks.push(stuffed(head), ...original.chunks)
  } else {
    const plain = isPlain(original.header)
    head += part(utf8 ? 'message/global-headers' : 'text/rfc822-headers', plain ? '7bit' : 'quoted-printable')
    head += 'Content-Description: Header of your message\r\n\r\n'
    head += plain ? original.header.toString('latin1') : quotedPrintable(original.header)
    chunks.push(stuffed(head))
  }
  chunks.push(Buffer.from(`\r\n--${boundary}--\r\n`))

  const dots = chunks.some((chunk) => chunk.includes('\r\n.')) || (original.kind === 'message' && original.dots)
  const eightBit = (original.kind === 'message' && original.eightBit) || /[^\x00-\x7f]/.test(head)
  return { envelope: envelopeOf(order, eightBit), chunks, facts: { dots, eightBit } }
}

const noReasons: ReadonlyMap<string, string> = new Map()

function header({ id, now, reportingMta, to, from, smtputf8 }: NotificationOrder, subject: string): string {
  // Without SMTPUTF8 no address can hold anything but ASCII; what came another way must not break the header.
  const address = (mailbox: Mailbox) => `<${smtputf8 ? mailbox.text : asciiOnly(mailbox.text)}>`
  return (
    field('From', `Mail Delivery System ${address(from)}`) +
    wholeField('To', address(to)) +
    field('Subject', encodedText(subject)) +
    field('Date', dateTime(now)) +
    field('Message-ID', `<${id}@${reportingMta}>`) +
    field('Auto-Submitted', 'auto-replied') +
    'MIME-Version: 1.0\r\n'
  )
}

function envelopeOf({ to, copyTo, smtputf8, graphHash }: NotificationOrder, eightBit: boolean): Envelope {
  const recipients = [plainRecipient(to)]
  if (copyTo != null && copyTo.text !== to.text) recipients.push({ ...plainRecipient(copyTo), notify: [] })
  return {
    from: null,
    recipients,
    body: eightBit ? '8bitmime' : '7bit',
    smtputf8,
    ret: null,
    envid: null,
    origin: { client: null, listener: null, helo: null, identity: null, protocol: 'ESMTP', graphHash },
  }
}

const plainRecipient = (mailbox: Mailbox): Recipient => ({ mailbox, original: mailbox, notify: null, orcpt: null })

/** Goes as it is: ASCII, and no line over 998 octets (RFC 5322 §2.1.1). */
function isPlain(octets: Buffer): boolean {
  let line = 0
  for (const octet of octets) {
    if (octet > 127 || octet === 0) return false
    line = octet === 10 ? 0 : line + 1
    if (line > 999) return false
  }
  return true
}

const stuffed = (text: string): Buffer => Buffer.from(text.replace(/(^|\r\n)\./g, '$1..'))
