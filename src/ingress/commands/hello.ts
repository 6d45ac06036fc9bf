import { parseMailDomain } from '../../mail/path.ts'
import { reply } from '../../mail/reply.ts'
import type { Verdict } from '../admission.ts'
import { tellNotes } from '../notes.ts'
import { authLine } from '../offered-mechanisms.ts'
import { answer, reached, type Step, type Visit } from '../visit.ts'
import { xclientLine } from './xclient.ts'

/** HELO domain (RFC 5321 §4.1.1.1). Ends a transaction, and offers nothing. */
export function helo(visit: Visit, argument: string): Step | Promise<Step> {
  if (visit.settings.helo === 'refuse') return answer(visit.state, 502, '5.5.1', 'send EHLO')
  if (!isName(visit, argument)) return answer(visit.state, 501, null, 'expected HELO and a domain')
  const state = { helo: argument, extended: false, transaction: null }
  return admitted(visit, argument, () => reached(state, reply(250, null, visit.settings.hostname)))
}

/** EHLO domain-or-literal. The reply says what this server understands, and only what it does. */
export function ehlo(visit: Visit, argument: string): Step | Promise<Step> {
  if (!isName(visit, argument)) return answer(visit.state, 501, null, 'expected EHLO and a domain')
  return admitted(visit, argument, () => offers(visit, argument))
}

/** Goes on unless the document refuses the name. Whoever is refused may give another one. */
function admitted(visit: Visit, helo: string, goOn: () => Step | Promise<Step>): Step | Promise<Step> {
  const settle = (verdict: Verdict): Step | Promise<Step> => {
    if (verdict.notes !== undefined) tellNotes(visit, 'helo', null, verdict.notes)
    if (verdict.kind === 'accept') return goOn()
    return reached(visit.state, verdict.reply, { at: verdict.at, address: null })
  }
  const asked = visit.admission().helo({ ...visit.caller, helo })
  return asked instanceof Promise ? asked.then(settle) : settle(asked)
}

function offers(visit: Visit, argument: string): Step | Promise<Step> {
  const state = { helo: argument, extended: true, transaction: null }
  const { hostname, maxSizeBytes } = visit.settings
  const more = lineExtensions(visit)
  const login = authLine(visit, argument)
  const offer = (login: string): Step => {
    // BINARYMIME is not among them: what comes must be lines, or the next hop could not get it by DATA.
    const text = `${hostname}\nPIPELINING\nSIZE ${maxSizeBytes}\n8BITMIME\nSMTPUTF8\nENHANCEDSTATUSCODES\nDSN\nCHUNKING${more}${login}\nHELP`
    return reached(state, reply(250, null, text))
  }
  return typeof login === 'string' ? offer(login) : login.then(offer)
}

/** What depends on the line: it is offered where it can be used, and to nobody else. */
function lineExtensions(visit: Visit): string {
  const { settings, caller, house } = visit
  let found = ''
  if (settings.tls !== undefined && !caller.tls && house.tls != null) found += '\nSTARTTLS'
  if (caller.tls) found += '\nREQUIRETLS'
  return found + xclientLine(visit)
}

/**
 * A domain or an address literal; whose it is does not matter (§4.1.4). A dot at the end and "_" are in names that
 * machines have. Known clients may say anything at all.
 */
function isName(visit: Visit, argument: string): boolean {
  if (argument === '') return false
  if (visit.settings.kind === 'internal') return true
  return parseMailDomain(argument.endsWith('.') ? argument.slice(0, -1) : argument).ok
}
