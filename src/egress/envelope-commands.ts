import type { Envelope, Recipient } from '../mail/envelope.ts'
import type { QueueEntry } from '../queue/entry.ts'
import type { Capabilities } from './capabilities.ts'
import type { Needs } from './requirements.ts'

/** MAIL with the parameters that the host knows (RFC 1870, 6152, 3030, 6531, 3461). */
export function mailCommand({ envelope, body }: QueueEntry, needs: Needs, host: Capabilities): string {
  let line = envelope.from === null ? 'MAIL FROM:<>' : `MAIL FROM:<${envelope.from.text}>`
  // Not more than the host takes: with stuffed dots the true size is below what is stored, and `unmet` looked at it.
  if (host.sizeBytes !== null)
    line += ` SIZE=${host.sizeBytes > 0 ? Math.min(body.sizeBytes, host.sizeBytes) : body.sizeBytes}`
  if (envelope.body === 'binarymime') line += ' BODY=BINARYMIME'
  else if (needs.eightBit) line += ' BODY=8BITMIME'
  if (needs.utf8) line += ' SMTPUTF8'
  if (host.dsn) line += dsnOfMail(envelope)
  return `${line}\r\n`
}

export function rcptCommand(recipient: Recipient, host: Capabilities): string {
  const parameters = host.dsn ? dsnOfRecipient(recipient) : ''
  return `RCPT TO:<${recipient.mailbox.text}>${parameters}\r\n`
}

function dsnOfMail({ ret, envid }: Envelope): string {
  let parameters = ''
  if (ret !== null) parameters += ret === 'full' ? ' RET=FULL' : ' RET=HDRS'
  if (envid !== null && isParameter(envid)) parameters += ` ENVID=${envid}`
  return parameters
}

function dsnOfRecipient({ notify, orcpt }: Recipient): string {
  let parameters = ''
  if (notify !== null) parameters += ` NOTIFY=${notify.length === 0 ? 'NEVER' : notify.join(',').toUpperCase()}`
  if (orcpt !== null && isParameter(orcpt)) parameters += ` ORCPT=${orcpt}`
  return parameters
}

/** An esmtp-value (RFC 5321 §4.1.2) is printable ASCII; anything else would end the parameter or the command. */
const isParameter = (value: string): boolean => /^[\x21-\x7e]+$/.test(value)
