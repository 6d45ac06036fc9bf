import type { Offence } from '../credentials/offence.ts'
import { type Reply, reply } from '../mail/reply.ts'

/** What a session says of its own accord. */
export const noRoom = reply(452, '4.3.1', 'no room for a message now')
export const notStored = reply(451, '4.3.0', 'the message could not be stored')
export const chunkOk = reply(250, '2.0.0', 'chunk ok')
export const tooManyErrors = reply(421, '4.7.0', 'too many errors')
export const shutDown = reply(421, '4.3.2', 'shutting down')
/** Said to the log alone: who put it there is not to be answered. */
export const injected = reply(554, '5.7.0', 'octets came behind STARTTLS before the handshake, and were dropped')
export const ourError = reply(421, '4.3.0', 'an error of ours, try again later')

export const tooEarly = reply(554, '5.5.0', 'something came before the greeting')
export const outOfTurn = reply(503, '5.5.0', 'commands came together that have to wait for each other')

/**
 * What a refusal says of whoever gets it; `null`: nothing that is counted. What a login came to, AUTH tells itself. 503 and
 * 554 are not counted: a client that sends a whole group of commands gets one for each when the first of them is refused.
 */
export function offenceOf({ code, status }: Reply): Offence | null {
  if (status === '5.1.1') return 'recipient'
  if (code === 500 || code === 502) return 'protocol'
  // 550: a message that is not made of lines. 501: arguments; a login that was broken off has a status of its own.
  if (code === 550) return status?.startsWith('5.5.') ? 'protocol' : null
  return code === 501 && (status === null || !status.startsWith('5.7.')) ? 'protocol' : null
}
