import type { Reply } from '../../mail/reply.ts'
import { reply } from '../../mail/reply.ts'
import { answer, type Step, type Visit } from '../visit.ts'

/** BDAT size [LAST] (RFC 3030 §2). The octets come without waiting for an answer, so they are read even when refused. */
export function bdat(visit: Visit, argument: string): Step {
  const { state } = visit
  const form = /^(\d{1,20})( +LAST)?$/i.exec(argument)
  if (form === null) return answer(state, 501, '5.5.4', 'expected BDAT size [LAST]')
  const size = Number(form[1])
  // Nobody sends so much; but where its end would be, no counter of ours can say.
  if (!Number.isSafeInteger(size)) {
    return { next: 'close', state, reply: reply(552, '5.3.4', 'the chunk is too large') }
  }
  return { next: 'chunk', state, size, last: form[2] !== undefined, refused: refusal(visit) }
}

function refusal({ state }: Visit): Reply | null {
  const { transaction } = state
  if (transaction === null) return reply(503, '5.5.1', 'send MAIL first')
  if (transaction.recipients.list.length === 0) return reply(554, '5.5.1', 'no valid recipients')
  return null
}
