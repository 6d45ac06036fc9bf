import { reply } from '../../mail/reply.ts'
import { answer, reached, type Step, type Visit } from '../visit.ts'

/** RSET (RFC 5321 §4.1.1.5). Drops the transaction; what HELO or EHLO said stays. */
export function rset({ state }: Visit, argument: string): Step {
  if (argument !== '') return answer(state, 501, '5.5.4', 'RSET has no argument')
  return reached({ ...state, transaction: null }, resetOk)
}

const resetOk = reply(250, '2.0.0', 'ok')
