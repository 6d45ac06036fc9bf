import { answer, type Step, type Visit } from '../visit.ts'

/** VRFY (RFC 5321 §3.5.3, §7.3): who has a mailbox here is nobody's business before RCPT. */
export function vrfy({ state }: Visit, argument: string): Step {
  if (argument === '') return answer(state, 501, '5.5.4', 'expected VRFY and an address')
  return answer(state, 252, '2.1.5', 'not verified; RCPT will tell')
}
