import { reply } from '../../mail/reply.ts'
import { answer, type Step, type Visit } from '../visit.ts'

/** STARTTLS (RFC 3207 §4). The handshake follows the reply; all that was said before it is forgotten. */
export function starttls(visit: Visit, argument: string): Step {
  const { state, settings, caller, house } = visit
  if (settings.tls === undefined) return answer(state, 502, '5.5.1', 'the command is not implemented here')
  if (argument !== '') return answer(state, 501, '5.5.4', 'STARTTLS has no argument')
  if (caller.tls) return answer(state, 503, '5.5.1', 'the line is encrypted already')
  // A client that has begun a transaction in clear text has said in clear text what TLS was to hide.
  if (state.transaction !== null) return answer(state, 503, '5.5.1', 'a transaction is open')
  if (house.tls == null) return answer(state, 454, '4.7.0', 'TLS is not available now')
  return { next: 'tls', state: { ...state, transaction: null }, reply: goAhead }
}

const goAhead = reply(220, '2.0.0', 'begin the handshake')
