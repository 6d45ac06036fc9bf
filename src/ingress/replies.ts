import { reply } from '../mail/reply.ts'

/** What a session says of its own accord. */
export const noRoom = reply(452, '4.3.1', 'no room for a message now')
export const notStored = reply(451, '4.3.0', 'the message could not be stored')
export const chunkOk = reply(250, '2.0.0', 'chunk ok')
export const tooManyErrors = reply(421, '4.7.0', 'too many errors')
export const shutDown = reply(421, '4.3.2', 'shutting down')
export const ourError = reply(421, '4.3.0', 'an error of ours, try again later')
