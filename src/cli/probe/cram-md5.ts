import { createHmac } from 'node:crypto'
import type { Wire } from '../../egress/wire.ts'
import { decodeBase64 } from '../../mail/base64.ts'
import type { Reply } from '../../mail/reply.ts'

/** What came of it; `silent`: the host gave no challenge, which MailTest told apart. */
export type CramOutcome = { readonly kind: 'taken' } | { readonly kind: 'refused' | 'silent'; readonly reply: Reply }

/**
 * CRAM-MD5 (RFC 2195), to find out whether old hosts still take it. Deliveries never use it: it keeps the host's copy of
 * the password in clear, and who overhears it can try passwords at leisure.
 */
export async function cramMd5(wire: Wire, user: string, secret: string, replyMs: number): Promise<CramOutcome> {
  const first = await wire.ask('AUTH CRAM-MD5\r\n', replyMs, 'answer to AUTH')
  const challenge = first.code === 334 ? decodeBase64(first.text.trim()) : null
  if (challenge === null || challenge.length === 0) {
    // RFC 4954 §4: `*` cancels.
    if (first.code === 334) await wire.ask('*\r\n', replyMs, 'answer to AUTH')
    return { kind: 'silent', reply: first }
  }
  const digest = createHmac('md5', secret).update(challenge).digest('hex')
  const answer = Buffer.from(`${user} ${digest}`, 'utf8').toString('base64')
  const reply = await wire.ask(`${answer}\r\n`, replyMs, 'answer to AUTH')
  return reply.code === 235 ? { kind: 'taken' } : { kind: 'refused', reply }
}
