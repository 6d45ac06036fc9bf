import type { Envelope, Recipient } from '../mail/envelope.ts'
import type { Mailbox, ReversePath } from '../mail/path.ts'
import { encodeXtext } from '../smtp/xtext.ts'
import type { Capabilities } from './capabilities.ts'
import type { Job } from './job.ts'
import type { Needs } from './requirements.ts'

/** MAIL with the parameters that the host knows (RFC 1870, 6152, 3030, 6531, 3461). */
export function mailCommand(job: Job, needs: Needs, host: Capabilities): string {
  const { body } = job
  const { envelope } = job.delivery.entry
  const from = senderOf(job)
  let line = from === null ? 'MAIL FROM:<>' : `MAIL FROM:<${from.text}>`
  // Not more than the host takes: with stuffed dots the true size is below what is stored, and `unmet` looked at it.
  if (host.sizeBytes !== null)
    line += ` SIZE=${host.sizeBytes > 0 ? Math.min(body.sizeBytes, host.sizeBytes) : body.sizeBytes}`
  if (envelope.body === 'binarymime' && body === job.delivery.entry.body) line += ' BODY=BINARYMIME'
  else if (needs.eightBit) line += ' BODY=8BITMIME'
  if (needs.utf8) line += ' SMTPUTF8'
  if (host.requireTls && envelope.tls === 'required') line += ' REQUIRETLS'
  if (host.dsn) line += dsnOfMail(envelope)
  return `${line}\r\n`
}

/** Whom MAIL names: the sender of the message, but for a form of these recipients. */
export const senderOf = ({ delivery }: Job): ReversePath =>
  delivery.form == null ? delivery.entry.envelope.from : delivery.form.sender

/** @param to the recipient's mailbox, or what a rewriting makes of it for this next hop */
export function rcptCommand(recipient: Recipient, to: Mailbox, host: Capabilities): string {
  const parameters = host.dsn ? dsnOfRecipient(recipient, to) : ''
  return `RCPT TO:<${to.text}>${parameters}\r\n`
}

function dsnOfMail({ ret, envid }: Envelope): string {
  let parameters = ''
  if (ret !== null) parameters += ret === 'full' ? ' RET=FULL' : ' RET=HDRS'
  if (envid !== null && isParameter(envid)) parameters += ` ENVID=${envid}`
  return parameters
}

function dsnOfRecipient({ mailbox, notify, orcpt }: Recipient, to: Mailbox): string {
  let parameters = ''
  if (notify !== null) parameters += ` NOTIFY=${notify.length === 0 ? 'NEVER' : notify.join(',').toUpperCase()}`
  const original = orcpt === null ? null : embedded(orcpt)
  if (original !== null && isParameter(original)) parameters += ` ORCPT=${original}`
  // Who reads a notification of that host shall know whom it is about (RFC 3461 §5.2.1).
  else if (to !== mailbox && /^[!-~]+$/.test(mailbox.text)) parameters += ` ORCPT=rfc822;${encodeXtext(mailbox.text)}`
  return parameters
}

/** An address of type utf-8 in the form that every host takes, whether it knows SMTPUTF8 or not (RFC 6533 §3). */
const embedded = (orcpt: string): string =>
  orcpt.replace(/[^\x00-\x7f]/gu, (char) => `\\x{${char.codePointAt(0)!.toString(16).toUpperCase()}}`)

/** An esmtp-value (RFC 5321 §4.1.2) is printable ASCII; anything else would end the parameter or the command. */
const isParameter = (value: string): boolean => /^[\x21-\x7e]+$/.test(value)
