import type { Envelope } from '../mail/envelope.ts'
import type { Mailbox } from '../mail/path.ts'
import { dateTime } from './date.ts'
import { fieldsOf, textOf } from './mime/header-block.ts'
import type { Octets } from './mime/transfer.ts'

/** What a journal is told of, beside the message itself. */
export type Journalled = {
  readonly id: string
  readonly queuedAt: number
  readonly envelope: Envelope
  readonly eightBit: boolean
}

/** A longer header is not looked through for a subject. */
const maxHeaderBytes = 64 * 1024

/**
 * A report for a journal: who sent the message to whom, by the envelope, and the message as it came inside of it
 * (message/rfc822). In the form that products for archives read: `X-MS-Journal-Report`, and the lines of the first part.
 * Dot-stuffed where the message is.
 */
export async function* journalReport(
  journalled: Journalled,
  message: Octets,
  { from, to }: { readonly from: Mailbox; readonly to: Mailbox },
): AsyncGenerator<Buffer, void, void> {
  let head: Buffer | null = Buffer.alloc(0)
  for await (const piece of message) {
    if (head === null) {
      yield piece
      continue
    }
    head = Buffer.concat([head, piece])
    if (!head.includes('\r\n\r\n') && head.length < maxHeaderBytes) continue
    yield opening(journalled, head, from, to)
    yield head
    head = null
  }
  if (head !== null) {
    yield opening(journalled, head, from, to)
    yield head
  }
  yield Buffer.from(`\r\n--${boundaryOf(journalled)}--\r\n`)
}

/** Nobody knows the id of a message before all of it is here: no message can hold this on purpose. */
const boundaryOf = ({ id }: Journalled): string => `=_journal-${id}`

function opening({ id, queuedAt, envelope, eightBit }: Journalled, head: Buffer, from: Mailbox, to: Mailbox): Buffer {
  const { smtputf8, origin, recipients } = envelope
  const boundary = `=_journal-${id}`
  const sender = envelope.said ?? envelope.from
  const report = [
    `Sender: ${sender === null ? '<>' : sender.text}`,
    ...headLines(head),
    ...recipients.filter(({ journal }) => journal === undefined).map(recipientLine),
    `Received: ${new Date(queuedAt).toISOString()}, ${origin.protocol}${origin.client === null ? '' : ` from [${origin.client}]`}`,
    `Queue-Id: ${id}`,
  ]
  const text = report.join('\r\n')
  const isAscii = /^[\x00-\x7f]*$/.test(text)
  const whole = eightBit || !isAscii ? '8bit' : '7bit'
  return Buffer.from(
    [
      `From: <${from.text}>`,
      `To: <${to.text}>`,
      `Date: ${dateTime(queuedAt)}`,
      `Subject: Journal report ${id}`,
      `Message-ID: <journal-${id}@${from.domain}>`,
      'X-MS-Journal-Report:',
      'Auto-Submitted: auto-generated',
      'MIME-Version: 1.0',
      `Content-Type: multipart/mixed; boundary="${boundary}"`,
      `Content-Transfer-Encoding: ${whole}`,
      '',
      `--${boundary}`,
      `Content-Type: text/plain; charset=${isAscii ? 'us-ascii' : 'utf-8'}`,
      `Content-Transfer-Encoding: ${isAscii ? '7bit' : '8bit'}`,
      '',
      text,
      '',
      `--${boundary}`,
      // RFC 6532 §3.7: a message whose header may be UTF-8 is no message/rfc822.
      `Content-Type: message/${smtputf8 ? 'global' : 'rfc822'}`,
      `Content-Transfer-Encoding: ${eightBit ? '8bit' : '7bit'}`,
      '',
      '',
    ].join('\r\n'),
    'utf8',
  )
}

/** Who is in the envelope, whether or not the header names them: copies without a name (Bcc) are what a journal is for. */
function recipientLine({ mailbox, original }: Envelope['recipients'][number]): string {
  const expanded = original.text === mailbox.text ? '' : `, Expanded: ${original.text}`
  return `Recipient: ${mailbox.text}${expanded}`
}

/** Its own words about itself, cut short and without what could be taken for another line. */
function headLines(head: Buffer): string[] {
  const end = head.indexOf('\r\n\r\n')
  const lines: Buffer[] = []
  for (let from = 0; from < (end < 0 ? head.length : end + 2); ) {
    const to = head.indexOf('\r\n', from)
    if (to < 0) break
    lines.push(head.subarray(from, to + 2))
    from = to + 2
  }
  const fields = fieldsOf(lines)
  return [
    ['Subject', 'subject'],
    ['Message-Id', 'message-id'],
  ].flatMap(([label, name]) => {
    const field = fields.find((field) => field.name === name)
    if (field === undefined) return []
    const octets = Buffer.from(textOf(field).trim(), 'latin1')
    const text = octets.toString('utf8').replace(/[\x00-\x1f\x7f-\x9f\ufffd]/g, '?')
    return [`${label}: ${text.slice(0, 300)}`]
  })
}
