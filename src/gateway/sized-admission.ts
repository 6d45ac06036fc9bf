import { noFacts, routeOf } from '../graph/route-of.ts'
import type { Admission, Verdict } from '../ingress/admission.ts'
import type { Clock } from '../mail/clock.ts'
import type { ReversePath } from '../mail/path.ts'
import { reply } from '../mail/reply.ts'
import type { LearntSizes } from './learnt-sizes.ts'
import type { Live } from './live.ts'

/**
 * The same answers, but that a recipient is refused (552 5.3.4, RFC 1870 §6.1) when the client has announced a message
 * larger than the next hop of that recipient takes: the client hears now what its sender would be told by a notification
 * later. Whoever announces less than the smallest limit known costs one comparison.
 */
export function sizedAdmission({ admission, evaluator, control }: Live, learnt: LearntSizes, clock: Clock): Admission {
  const refusal = (verdict: Verdict, sender: ReversePath, sizeBytes: number): Verdict => {
    if (verdict.kind === 'refuse') return verdict
    for (const mailbox of verdict.recipients) {
      const route = routeOf(evaluator, mailbox, { ...noFacts(), sender })
      const limit = route.kind === 'next-hop' ? learnt.limit(route.nextHop, clock.now()) : null
      if (limit === null || sizeBytes <= limit.sizeBytes) continue
      const text = `the next hop takes at most ${limit.sizeBytes} octets of this recipient's mail`
      const { recipients: _, ...said } = verdict
      const answer = control.softBounce === true ? reply(452, '4.3.4', text) : reply(552, '5.3.4', text)
      return { ...said, kind: 'refuse', reply: answer, at: 'learnSizes' }
    }
    return verdict
  }
  return {
    ...admission,
    rcpt(caller, sender, recipient, sizeBytes) {
      const asked = admission.rcpt(caller, sender, recipient, sizeBytes)
      if (sizeBytes === null || sizeBytes <= learnt.smallest) return asked
      return asked instanceof Promise
        ? asked.then((verdict) => refusal(verdict, sender, sizeBytes))
        : refusal(asked, sender, sizeBytes)
    },
  }
}

/** One for each graph that wants it: a transaction keeps the one that it began with. */
export function sizedAdmissions(learnt: LearntSizes, clock: Clock): (live: Live) => Admission {
  const known = new WeakMap<Admission, Admission>()
  return (live) => {
    const { admission, control } = live
    if (control.learnSizes === undefined) return admission
    let sized = known.get(admission)
    if (sized === undefined) known.set(admission, (sized = sizedAdmission(live, learnt, clock)))
    return sized
  }
}
