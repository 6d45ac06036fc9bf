import {
  type Asking,
  admitConnection,
  admitData,
  admitRecipient,
  admitSender,
  type FinalRecipient,
  type RecipientVerdict,
  type Verdict,
} from '../graph/admission.ts'
import type { Evaluator, Facts } from '../graph/evaluator.ts'
import type { Described } from '../graph/explanation.ts'
import { routeDiffers } from './route-differs.ts'

/**
 * True when both graphs plainly take the message, each stage without asking an oracle, and send it the same way: what
 * nearly all mail of a trial comes to, found without putting either answer into words. False says nothing.
 */
export function agreesPlainly(before: Evaluator, after: Evaluator, message: Described): boolean {
  const facts: Facts = { ...message, destination: null }
  if (!taken(admitConnection(before, facts)) || !taken(admitConnection(after, facts))) return false
  if (message.sender !== undefined && (!taken(admitSender(before, facts)) || !taken(admitSender(after, facts)))) {
    return false
  }
  if (message.recipient === null) return true
  const one = finalsOf(admitRecipient(before, facts))
  const other = finalsOf(admitRecipient(after, facts))
  if (one === null || other === null || !sameFinals(one, other)) return false
  return taken(admitData(before, facts)) && taken(admitData(after, facts))
}

const taken = ({ kind }: Verdict | Asking<Verdict>): boolean => kind === 'accept'

const finalsOf = (verdict: RecipientVerdict | Asking<RecipientVerdict>): readonly FinalRecipient[] | null =>
  verdict.kind === 'accept' ? verdict.finals : null

function sameFinals(one: readonly FinalRecipient[], other: readonly FinalRecipient[]): boolean {
  if (one.length !== other.length) return false
  for (let i = 0; i < one.length; i++) {
    const [a, b] = [one[i]!, other[i]!]
    // Why mail is held is a word of the behaviour, though no other way.
    if (a.mailbox.text !== b.mailbox.text || a.route.kind === 'hold' || routeDiffers(a.route, b.route)) return false
  }
  return true
}
