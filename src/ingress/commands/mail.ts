import { parseMailbox, type ReversePath } from '../../mail/path.ts'
import { reply } from '../../mail/reply.ts'
import { assertNever } from '../../mail/result.ts'
import { type Parameters, parseParameters } from '../../smtp/parameters.ts'
import { parsePathArgument } from '../../smtp/path-argument.ts'
import { decodeXtext, isXtext } from '../../smtp/xtext.ts'
import type { Verdict } from '../admission.ts'
import { leniencyOf } from '../leniency.ts'
import { tellNotes } from '../notes.ts'
import { Recipients } from '../recipients.ts'
import type { Transaction } from '../transaction.ts'
import { answer, reached, type Step, type Visit } from '../visit.ts'

/** MAIL FROM:<reverse-path> [parameters] (RFC 5321 §4.1.1.2). Begins a transaction, or changes nothing. */
export function mail(visit: Visit, argument: string): Step | Promise<Step> {
  const { state, settings, caller } = visit
  if (state.helo === null) return answer(state, 503, '5.5.1', 'send EHLO or HELO first')
  if (state.transaction !== null) return answer(state, 503, '5.5.1', 'a transaction is open already')

  const parsed = parsePathArgument('FROM', argument, leniencyOf(settings))
  if (!parsed.ok) {
    const status = /^from *:/i.test(argument) ? '5.1.7' : '5.5.4'
    return answer(state, 501, status, `syntax error in MAIL FROM:<address>`)
  }
  const { path, rest } = parsed.value
  if (path.kind === 'postmaster') return answer(state, 501, '5.1.7', 'the sender has no domain')

  const parameters = parseParameters(rest)
  if (!parameters.ok) return answer(state, 501, '5.5.4', parameters.error)
  const options = readOptions(parameters.value, settings.login !== undefined, caller.tls)
  if ('code' in options) return reached(state, options)

  const from: ReversePath = path.kind === 'null' ? null : path.mailbox
  if (!options.smtputf8 && isUtf8(argument)) {
    return answer(state, 553, '5.6.7', 'an address that is not ASCII needs SMTPUTF8')
  }

  const admission = visit.admission()
  const transaction: Transaction = {
    admission,
    from,
    ...options,
    recipients: new Recipients(),
    incoming: null,
  }
  const settle = (verdict: Verdict): Step => {
    if (verdict.notes !== undefined) {
      transaction.recipients.tag(tellNotes(visit, 'mail', from === null ? '' : from.text, verdict.notes))
    }
    switch (verdict.kind) {
      case 'refuse':
        return reached(state, verdict.reply, {
          at: verdict.at,
          address: from === null ? '' : from.text,
          question: {
            stage: 'mail',
            from,
            to: null,
            sizeBytes: options.sizeBytes,
            answers: verdict.answers,
            notes: verdict.notes,
            graph: admission.hash,
          },
        })
      case 'accept':
        if (verdict.notes !== undefined) transaction.recipients.mark(verdict.notes)
        return reached({ ...state, transaction }, senderOk)
      default:
        return assertNever(verdict)
    }
  }
  const asked = admission.mail(caller, from, options.sizeBytes)
  return asked instanceof Promise ? asked.then(settle) : settle(asked)
}

const senderOk = reply(250, '2.1.0', 'sender ok')

type Options = {
  body: Transaction['body']
  smtputf8: boolean
  ret: Transaction['ret']
  envid: string | null
  /** `null`: not announced, or announced as 0, which is unknown (RFC 1870 §4). */
  sizeBytes: number | null
  requireTls?: true
}

/** The extensions' parameters, or the reply that refuses them. */
function readOptions(parameters: Parameters, login: boolean, tls: boolean): Options | ReturnType<typeof reply> {
  const options: Options = { body: '7bit', smtputf8: false, ret: null, envid: null, sizeBytes: null }
  for (const [keyword, value] of parameters) {
    const text = value ?? ''
    switch (keyword) {
      case 'SIZE':
        if (!/^\d{1,20}$/.test(text)) return reply(501, '5.5.4', 'SIZE is up to 20 digits')
        options.sizeBytes = Number(text) || null
        break
      case 'BODY':
        if (/^(7bit|8bitmime)$/i.test(text)) options.body = text.toLowerCase() as Options['body']
        else if (/^binarymime$/i.test(text)) return reply(555, '5.5.4', 'BINARYMIME is not offered here')
        else return reply(501, '5.5.4', 'BODY is 7BIT or 8BITMIME')
        break
      case 'SMTPUTF8':
        if (value !== null) return reply(501, '5.5.4', 'SMTPUTF8 has no value')
        options.smtputf8 = true
        break
      case 'RET':
        if (!/^(full|hdrs)$/i.test(text)) return reply(501, '5.5.4', 'RET is FULL or HDRS')
        options.ret = text.toLowerCase() as 'full' | 'hdrs'
        break
      case 'ENVID':
        // RFC 3461 §4.4: xtext of printable ASCII, at most 100 characters.
        if (text === '' || text.length > 100 || !isXtext(text) || !/^[ -~]+$/.test(decodeXtext(text))) {
          return reply(501, '5.5.4', 'ENVID is xtext of up to 100 characters')
        }
        options.envid = text
        break
      case 'AUTH':
        if (!login) return notKnown
        // Read, and not believed: who sent a message is who has logged in here (RFC 4954 §5).
        if (!isAuthMailbox(text)) return reply(501, '5.5.4', 'AUTH is <> or a mailbox, in xtext')
        break
      case 'REQUIRETLS':
        // Offered under TLS alone: a mark that came in clear could have been taken off as well (RFC 8689 §3).
        if (!tls) return notKnown
        if (value !== null) return reply(501, '5.5.4', 'REQUIRETLS has no value')
        options.requireTls = true
        break
      default:
        return notKnown
    }
  }
  return options
}

const notKnown = reply(555, '5.5.4', 'a parameter of MAIL is not known here')

function isAuthMailbox(text: string): boolean {
  if (text === '' || text.length > 500 || !isXtext(text)) return false
  return text === '<>' || parseMailbox(Buffer.from(decodeXtext(text), 'latin1').toString('utf8')).ok
}

const isUtf8 = (argument: string): boolean => /[^\x00-\x7f]/.test(argument)
