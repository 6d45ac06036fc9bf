import { overlayAt, overlayCode, overlayStatus, overlayText, type Refusing } from '../graph/overlay.ts'
import type { Restrictions } from '../graph/overlay-match.ts'
import type { Mailbox, ReversePath } from '../mail/path.ts'
import { reply } from '../mail/reply.ts'
import type { Admission, Caller, Verdict } from './admission.ts'

/**
 * The same answers, but for what an overlay refuses. It can only refuse: what it lets by is asked of the graph, whose
 * answer is given as it is. Overlays hold from the moment of their making, also for transactions that began before;
 * a message whose recipients were accepted already is not stopped by them.
 *
 * They are asked first, and refuse mail for postmaster as well: whoever denies an address in an emergency means it.
 */
export function restrictedAdmission(inner: Admission, restrictions: () => Restrictions): Admission {
  const refusal = (caller: Caller, sender: ReversePath | undefined, recipient: Mailbox | undefined): Verdict | null => {
    const now = restrictions()
    if (!now.refuses) return null
    const overlay = now.refusal({ ...caller, sender, recipient })
    return overlay === null ? null : refused(overlay)
  }
  return {
    hash: inner.hash,
    limits: inner.limits,
    timeouts: inner.timeouts,
    postmaster: inner.postmaster,
    ...(inner.keepsArrival === true ? { keepsArrival: true } : {}),
    connect: (caller) => refusal(caller, undefined, undefined) ?? inner.connect(caller),
    helo: (caller) => inner.helo(caller),
    login: (caller) => inner.login(caller),
    mail: (caller, sender, sizeBytes) => refusal(caller, sender, undefined) ?? inner.mail(caller, sender, sizeBytes),
    rcpt: (caller, sender, recipient, sizeBytes) =>
      refusal(caller, sender, recipient) ?? inner.rcpt(caller, sender, recipient, sizeBytes),
    verify: (caller, mailbox) => inner.verify(caller, mailbox),
    data: (caller, sender, recipients, content) => inner.data(caller, sender, recipients, content),
    ...(inner.readHints === undefined ? {} : { readHints: inner.readHints }),
    ...(inner.sealed === undefined ? {} : { sealed: inner.sealed }),
  }
}

function refused(overlay: Refusing): Verdict {
  const code = overlayCode(overlay)
  return { kind: 'refuse', reply: reply(code, overlayStatus(code), overlayText(overlay)), at: overlayAt(overlay) }
}
