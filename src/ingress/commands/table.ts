import { answer, type Command } from '../visit.ts'
import { auth } from './auth.ts'
import { bdat } from './bdat.ts'
import { data } from './data.ts'
import { ehlo, helo } from './hello.ts'
import { help } from './help.ts'
import { mail } from './mail.ts'
import { noop } from './noop.ts'
import { quit } from './quit.ts'
import { rcpt } from './rcpt.ts'
import { rset } from './rset.ts'
import { starttls } from './starttls.ts'
import { time } from './time.ts'
import { vrfy } from './vrfy.ts'
import { xclient } from './xclient.ts'

const notHere: Command = ({ state }) => answer(state, 502, '5.5.1', 'the command is not implemented here')

/** Every verb that is known; any other is answered 500. */
export const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['HELO', helo],
  ['EHLO', ehlo],
  ['MAIL', mail],
  ['RCPT', rcpt],
  ['DATA', data],
  ['BDAT', bdat],
  ['RSET', rset],
  ['NOOP', noop],
  ['VRFY', vrfy],
  ['HELP', help],
  ['AUTH', auth],
  ['STARTTLS', starttls],
  ['XCLIENT', xclient],
  ['QUIT', quit],
  ['TIME', time],
  // Known to the RFCs, and not offered.
  ['EXPN', notHere],
  ['ETRN', notHere],
  ['TURN', notHere],
  ['SEND', notHere],
  ['SOML', notHere],
  ['SAML', notHere],
])

/** Verbs of HTTP: a browser was made to talk to us, and what it sends is somebody else's (cross-protocol attack). */
export const httpVerbs: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'OPTIONS',
  'CONNECT',
  'TRACE',
])
