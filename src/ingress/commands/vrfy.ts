import { networkSet } from '../../graph/network-set.ts'
import type { IpAddress } from '../../mail/ip.ts'
import { type Mailbox, needsUtf8, parseMailbox } from '../../mail/path.ts'
import { assertNever } from '../../mail/result.ts'
import type { ListenerSettings } from '../../mail/settings.ts'
import { answer, type Step, type Visit } from '../visit.ts'

/** By settings, which are made anew for each graph. */
const told = new WeakMap<ListenerSettings, (client: IpAddress) => boolean>()

/** Whether this client is told the truth: one that the document names. */
function mayKnow({ settings, caller }: Visit): boolean {
  if (settings.vrfy === undefined) return false
  let isNamed = told.get(settings)
  if (isNamed === undefined) {
    isNamed = networkSet(settings.vrfy)
    told.set(settings, isNamed)
  }
  return isNamed(caller.client)
}

/** VRFY (RFC 5321 §3.5.3, §7.3): who has a mailbox here is nobody's business before RCPT, but for whom the document names. */
export function vrfy(visit: Visit, argument: string): Step {
  const { state, caller } = visit
  // The word may stand behind the address, and has to where that is not ASCII (RFC 6531 §3.7.4.2).
  const smtputf8 = argument.slice(-' SMTPUTF8'.length).toUpperCase() === ' SMTPUTF8'
  const text = smtputf8 ? argument.slice(0, -' SMTPUTF8'.length) : argument
  if (text === '') return answer(state, 501, '5.5.4', 'expected VRFY and an address')
  if (!smtputf8 && /[^ -~]/.test(text)) {
    return answer(state, 553, '5.6.7', 'an address that is not ASCII needs SMTPUTF8')
  }
  const mailbox = mayKnow(visit) ? readMailbox(text) : null
  if (mailbox === null) return answer(state, 252, '2.1.5', 'not verified; RCPT will tell')
  const known = visit.admission().verify(caller, mailbox)
  switch (known) {
    case 'known':
      // 250 has to name the mailbox (RFC 5321 §3.5.1), and replies are ASCII.
      if (needsUtf8(mailbox)) return answer(state, 252, '2.1.5', 'not shown in ASCII; RCPT will tell')
      return answer(state, 250, '2.1.5', `<${mailbox.text}>`)
    case 'unknown':
      return answer(state, 550, '5.1.1', 'no such mailbox')
    case 'unsaid':
      return answer(state, 252, '2.1.5', 'cannot be verified; RCPT will tell')
    default:
      return assertNever(known)
  }
}

/** `user@domain`, in angle brackets or without; `null` for a name alone, which is nobody's in particular. */
function readMailbox(argument: string): Mailbox | null {
  const parsed = parseMailbox(argument.replace(/^<(.*)>$/, '$1'))
  return parsed.ok ? parsed.value : null
}
