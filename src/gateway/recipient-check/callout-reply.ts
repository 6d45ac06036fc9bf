import type { Reply } from '../../mail/reply.ts'

/**
 * What a reply to RCPT says of the recipient.
 *
 *   exists    it was taken, or its mailbox is full or too small: that is for the delivery to find out
 *   unknown   refused for good with a code that is about the mailbox (RFC 5321 §4.2.3) and no enhanced status that says
 *             otherwise
 *   nothing   not now, or refused for what we are (x.7.z) or for the connection: another day it may say something else
 */
export function readRcptReply({ code, status }: Pick<Reply, 'code' | 'status'>): 'exists' | 'unknown' | 'nothing' {
  if (code >= 200 && code < 300) return 'exists'
  if (code < 500) return 'nothing'
  const [, subject = '', detail = ''] = (status ?? '').split('.')
  if (subject === '')
    return code === 552 ? 'exists' : code === 550 || code === 551 || code === 553 ? 'unknown' : 'nothing'
  // Addresses: does not exist, moved, wrong. x.1.7 and x.1.8 are about the sender, whom we are to leave out of this.
  if (subject === '1') return detail === '7' || detail === '8' ? 'nothing' : 'unknown'
  // Mailboxes: disabled is as good as not there; full, or for small messages alone, is there.
  if (subject === '2') return detail === '2' || detail === '3' ? 'exists' : detail === '1' ? 'unknown' : 'nothing'
  // Exchange says 5.4.1 of a recipient that its directory does not have ("Access denied").
  return subject === '4' && detail === '1' && code === 550 ? 'unknown' : 'nothing'
}
