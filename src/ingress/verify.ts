import { admitRecipient } from '../graph/admission.ts'
import type { Evaluator, Facts } from '../graph/evaluator.ts'
import type { Mailbox } from '../mail/path.ts'

/** `unsaid`: the domain takes every local part, or only the moment of RCPT can tell. */
export type Verified = 'known' | 'unknown' | 'unsaid'

/** In no list: mailboxes with this local part are only accepted where all of them are. */
const nobody = 'mailgw-vrfy-nobody-has-this-name'

/**
 * Whether a mailbox exists, as far as the document says: it is accepted, and a made-up one of its domain is not. Nothing is
 * counted and nobody is asked for it: a question to an oracle ends it. `facts` has all but the recipient.
 */
export function verify(evaluator: Evaluator, facts: Facts, mailbox: Mailbox): Verified {
  const found = ask(evaluator, facts, mailbox)
  if (found === 'refused') return 'unknown'
  if (found === 'unsaid') return 'unsaid'
  const other = ask(evaluator, facts, { ...mailbox, localPart: nobody, text: `${nobody}@${mailbox.domain}` })
  return other === 'refused' ? 'known' : 'unsaid'
}

/** `refused`: for want of a mailbox, not of a right. */
function ask(evaluator: Evaluator, facts: Facts, recipient: Mailbox): 'accepted' | 'refused' | 'unsaid' {
  facts.recipient = recipient
  const found = admitRecipient(evaluator, facts)
  if (found.kind === 'accept') return 'accepted'
  return found.kind === 'refuse' && found.reply.status === '5.1.1' ? 'refused' : 'unsaid'
}
