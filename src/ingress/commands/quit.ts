import { reply } from '../../mail/reply.ts'
import { answer, type Step, type Visit } from '../visit.ts'

/** QUIT (RFC 5321 §4.1.1.10). A transaction that is open is dropped. */
export function quit({ state, settings }: Visit, argument: string): Step {
  if (argument !== '') return answer(state, 501, '5.5.4', 'QUIT has no argument')
  return { next: 'close', state, reply: reply(221, '2.0.0', `${settings.hostname} closes the session`) }
}
