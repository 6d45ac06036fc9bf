import { reply } from '../../mail/reply.ts'
import { answer, type Step, type Visit } from '../visit.ts'

/** DATA (RFC 5321 §4.1.1.4). After 354 everything is content until CRLF.CRLF; the session reads it. */
export function data(visit: Visit, argument: string): Step {
  const { state } = visit
  const { transaction } = state
  if (argument !== '') return answer(state, 501, '5.5.4', 'DATA has no argument')
  if (transaction === null) return answer(state, 503, '5.5.1', 'send MAIL first')
  // RFC 3030 §2: one message, one way to send it.
  if (transaction.incoming !== null) return answer(state, 503, '5.5.1', 'BDAT has begun, DATA cannot follow')
  // A client that pipelines meets this when every RCPT was refused (RFC 2920 §3.1).
  if (transaction.recipients.list.length === 0) return answer(state, 554, '5.5.1', 'no valid recipients')
  return { next: 'data', state, reply: goAhead }
}

const goAhead = reply(354, null, 'end with <CRLF>.<CRLF>')
