import type { Reply } from '../mail/reply.ts'
import type { Timeouts } from '../mail/settings.ts'
import type { Attempt } from '../queue/lane.ts'

/**
 * Of a connection that mail goes over; it is the reply that is waited for.
 *
 * idle    none; a reply now is a farewell
 * reset   RSET, sent before MAIL after a transaction that the host may still hold open
 * mail    MAIL; with PIPELINING all of RCPT and DATA are on the wire too
 * rcpt    one of RCPT
 * data    DATA
 * body    the content; with PIPELINING the commands of the next message are on the wire behind it
 * quit    QUIT
 * closed
 */
export type Stage = 'idle' | 'reset' | 'mail' | 'rcpt' | 'data' | 'body' | 'quit' | 'closed'

/** 421. `offered`: a message was on its way; otherwise it came in place of an answer to MAIL, behind other messages. */
export type Parting = { readonly reply: Reply; readonly offered: boolean }

/** Without an answer for longer, a host is slow: to a command, and to the end of a message, which it may have to examine. */
const slowReplyMs = 20_000
const slowEndMs = 60_000

/**
 * How long the host has kept us waiting, when that is long; else `null`. Told from the deadline, which every command sets
 * anyway: nothing is measured for it.
 *
 * @param sent the content is out to its end
 * @param leftMs until the deadline
 */
export function slowFor(stage: Stage, sent: boolean, leftMs: number, timeouts: Timeouts): number | null {
  const isEnd = stage === 'body' && sent
  if (stage === 'idle' || stage === 'quit' || stage === 'closed' || (stage === 'body' && !isEnd)) return null
  const waitedMs = (isEnd ? timeouts.dataDoneMs : timeouts.replyMs) - leftMs
  return waitedMs >= (isEnd ? slowEndMs : slowReplyMs) ? waitedMs : null
}

/** The command that a reply belongs to. */
export const commandOf = (stage: Stage): Attempt['command'] =>
  stage === 'rcpt' || stage === 'data' || stage === 'body' ? stage : 'mail'

/** To be put behind why a connection was lost. */
export function whenLost(stage: Stage, sent: boolean): string {
  if (stage !== 'body') return ''
  return sent ? ' after the final dot; it may arrive twice' : ' before the end of the message'
}
