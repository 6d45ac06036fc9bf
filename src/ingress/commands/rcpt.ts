import { literalDomain } from '../../mail/domain.ts'
import type { Recipient } from '../../mail/envelope.ts'
import { parseIp } from '../../mail/ip.ts'
import type { Mailbox } from '../../mail/path.ts'
import { reply } from '../../mail/reply.ts'
import { assertNever } from '../../mail/result.ts'
import { type Parameters, parseParameters } from '../../smtp/parameters.ts'
import { parsePathArgument } from '../../smtp/path-argument.ts'
import { isXtext } from '../../smtp/xtext.ts'
import type { Verdict } from '../admission.ts'
import { leniencyOf } from '../leniency.ts'
import { tellNotes } from '../notes.ts'
import { answer, reached, type Step, type Visit } from '../visit.ts'

/** RCPT TO:<forward-path> [parameters] (RFC 5321 §4.1.1.3). Adds recipients, or refuses and changes nothing. */
export function rcpt(visit: Visit, argument: string): Step | Promise<Step> {
  const { state, settings, caller } = visit
  const { transaction } = state
  if (transaction === null) return answer(state, 503, '5.5.1', 'send MAIL first')
  if (transaction.incoming !== null) return answer(state, 503, '5.5.1', 'the message has begun to come')
  const { admission } = transaction
  // 452 and not 552: the client keeps the rest for its next transaction (RFC 5321 §4.5.3.1.10).
  if (transaction.recipients.forwardPaths >= admission.limits.maxRecipients) {
    return answer(state, 452, '4.5.3', 'too many recipients')
  }

  const parsed = parsePathArgument('TO', argument, leniencyOf(settings))
  if (!parsed.ok) {
    const status = /^to *:/i.test(argument) ? '5.1.3' : '5.5.4'
    return answer(state, 501, status, 'syntax error in RCPT TO:<address>')
  }
  const { path, rest } = parsed.value
  if (path.kind === 'null') return answer(state, 501, '5.1.3', 'the recipient is empty')

  const parameters = parseParameters(rest)
  if (!parameters.ok) return answer(state, 501, '5.5.4', parameters.error)
  const options = readOptions(parameters.value, transaction.smtputf8)
  if ('code' in options) return reached(state, options)
  if (!transaction.smtputf8 && /[^\x00-\x7f]/.test(argument)) {
    return answer(state, 553, '5.6.7', 'an address that is not ASCII needs SMTPUTF8')
  }

  const settle = (original: Mailbox, verdict: Verdict): Step => {
    if (verdict.notes !== undefined) transaction.recipients.tag(tellNotes(visit, 'rcpt', original.text, verdict.notes))
    switch (verdict.kind) {
      case 'refuse':
        return reached(state, verdict.reply, {
          at: verdict.at,
          address: original.text,
          question: {
            stage: 'rcpt',
            from: transaction.from,
            to: original,
            sizeBytes: transaction.sizeBytes,
            answers: verdict.answers,
            notes: verdict.notes,
            graph: admission.hash,
          },
        })
      case 'accept': {
        const letIn = { to: original, at: verdict.at, answers: verdict.answers, notes: verdict.notes }
        if (verdict.notes !== undefined) transaction.recipients.mark(verdict.notes)
        transaction.recipients.add(letIn, verdict.recipients, { original, ...options })
        return reached(state, recipientOk)
      }
      default:
        return assertNever(verdict)
    }
  }
  // Without a domain it is ours (RFC 5321 §4.5.1); the graph lets everybody write to it.
  const mailbox =
    path.kind === 'postmaster' || isOursByAddress(path.mailbox, visit) ? admission.postmaster : path.mailbox
  const asked = admission.rcpt(caller, transaction.from, mailbox, transaction.sizeBytes)
  return asked instanceof Promise ? asked.then((verdict) => settle(mailbox, verdict)) : settle(mailbox, asked)
}

/** The postmaster at the address that the client has connected to: one's own literals are recognized (RFC 1123 §5.2.17). */
function isOursByAddress({ localPart, domain }: Mailbox, { line }: Visit): boolean {
  if (!domain.startsWith('[') || localPart.toLowerCase() !== 'postmaster') return false
  const address = parseIp(line.localAddress ?? '')
  return address.ok && domain === literalDomain(address.value)
}

const recipientOk = reply(250, '2.1.5', 'recipient ok')

type Options = { notify: Recipient['notify']; orcpt: string | null }

/** RFC 3461 §4.1 and §4.2, or the reply that refuses. */
function readOptions(parameters: Parameters, smtputf8: boolean): Options | ReturnType<typeof reply> {
  const options: Options = { notify: null, orcpt: null }
  for (const [keyword, value] of parameters) {
    const text = value ?? ''
    switch (keyword) {
      case 'NOTIFY': {
        const words = text.toLowerCase().split(',')
        const never = words.length === 1 && words[0] === 'never'
        if (!never && !words.every((word) => word === 'success' || word === 'failure' || word === 'delay')) {
          return reply(501, '5.5.4', 'NOTIFY is NEVER, or SUCCESS, FAILURE and DELAY')
        }
        options.notify = never ? [] : ([...new Set(words)] as ('success' | 'failure' | 'delay')[])
        break
      }
      case 'ORCPT': {
        const form = /^([\w!#$%&'*+/?^`{|}~-]+);(.+)$/.exec(text)
        // Of type utf-8 the address may be UTF-8 as it is, in a transaction that allows it (RFC 6533 §3).
        const address = form?.[2] ?? ''
        const utf8 = smtputf8 && /^utf-8$/i.test(form?.[1] ?? '')
        if (form === null || text.length > 500 || !(utf8 || isXtext(address))) {
          return reply(501, '5.5.4', 'ORCPT is a type, ";" and xtext of up to 500 characters')
        }
        options.orcpt = text
        break
      }
      default:
        return reply(555, '5.5.4', 'a parameter of RCPT is not known here')
    }
  }
  return options
}
