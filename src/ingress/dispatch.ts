import { reply } from '../mail/reply.ts'
import { maxLine, parseCommand } from '../smtp/command.ts'
import type { LineReader } from '../smtp/line-reader.ts'
import { commands, httpVerbs } from './commands/table.ts'
import { shutDown } from './replies.ts'
import { answer, type Exchange, type State, type Step, type Visit } from './visit.ts'

/** `refused`: the client was told 554 in place of a greeting. `draining`: no new transactions. */
export type Standing = 'welcome' | 'refused' | 'draining'

/** What may be said on a line that is to be encrypted first (RFC 3207 §4). Of MAIL the document itself says so. */
const beforeTls: ReadonlySet<string> = new Set(['NOOP', 'EHLO', 'HELO', 'STARTTLS', 'QUIT', 'MAIL'])

/** Runs the command on the line that was read, or says why there is none. */
export function dispatch(visit: Visit, { fault, line, bytes }: LineReader, standing: Standing): Step | Promise<Step> {
  const { state } = visit
  if (fault === 'bare LF') return endsInLf(state)
  const { verb, argument } = parseCommand(line)
  if (fault === 'too long' || bytes > maxLine(verb)) return answer(state, 500, '5.5.2', 'the line is too long')
  if (fault === 'control') return answer(state, 500, '5.5.2', 'a control character in a command')
  // Addresses may be UTF-8 (RFC 6531 §3.3, §3.7.4.2), nothing else may. UTF-8 has more octets than characters.
  const ascii = bytes === line.length + 2
  if (fault === 'not UTF-8' || (!ascii && verb !== 'MAIL' && verb !== 'RCPT' && verb !== 'VRFY')) {
    return answer(state, 500, '5.5.2', 'a command is ASCII, an address may be UTF-8')
  }
  if (verb !== 'QUIT') {
    if (standing === 'refused') return answer(state, 503, '5.5.1', 'only QUIT is left')
    if (standing === 'draining' && state.transaction === null) return { next: 'close', state, reply: shutDown }
  }
  const command = commands.get(verb)
  if (command === undefined && httpVerbs.has(verb)) {
    return { next: 'close', state, reply: reply(421, '4.7.0', 'this is SMTP, not HTTP'), offence: 'http' }
  }
  if (visit.settings.tls?.mode === 'required' && !visit.caller.tls && !beforeTls.has(verb)) {
    return answer(state, 530, '5.7.0', 'send STARTTLS first')
  }
  if (command !== undefined) return command(visit, argument)
  if (verb === 'PROXY') {
    // Whoever may say who the client is says it before anything else; here somebody tries it.
    return {
      next: 'close',
      state,
      reply: reply(554, '5.7.0', 'no PROXY header is taken from you'),
      offence: 'protocol',
    }
  }
  return answer(state, 500, '5.5.1', 'the command is not known')
}

/** Hands a line that is no command to the exchange that waits for it. */
export function respond(state: State, { fault, line, bytes }: LineReader, exchange: Exchange): Step | Promise<Step> {
  if (fault === 'bare LF') return endsInLf(state)
  return exchange.next(fault === null && bytes === line.length + 2 ? line : null)
}

/** Whoever says one thing by CRLF and another by LF means to be read in two ways: nothing more of it is read. */
const endsInLf = (state: State): Step => ({
  next: 'close',
  state,
  reply: reply(500, '5.5.2', 'a command ends in CRLF, not in LF'),
  offence: 'protocol',
})
