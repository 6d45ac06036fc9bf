import type { Described } from '../graph/explanation.ts'
import type { Admission, Asked, Caller, Verdict } from '../ingress/admission.ts'
import type { ReversePath } from '../mail/path.ts'

/** Who looks on while sessions are answered during a trial. */
export type Watch = {
  /** `null` is yes, else the code of the refusal. */
  decided(code: number | null): void
  /** Asks the graph before, too. `isWhole`: all facts are known that ever will be. */
  readonly compare: ((message: Described, isWhole: boolean) => void) | null
}

/**
 * The same answers, looked at. Only a trial has one of these: without a trial, sessions ask the graph itself.
 *
 * A refusal at connect, MAIL or after the data ends a message, so it is counted and compared there; what goes on is
 * compared at RCPT, with all that was said before. After the data all facts are known, and each recipient is compared
 * once more.
 */
export function trialAdmission(inner: Admission, { decided, compare }: Watch): Admission {
  const message = (caller: Caller, sender: ReversePath | undefined, sizeBytes: number | null): Described => ({
    ...caller,
    sender,
    recipient: null,
    sizeBytes,
    hops: null,
  })
  const refusals = (asked: Asked, described: () => Described): Asked =>
    seen(asked, (verdict) => {
      if (verdict.kind === 'accept') return
      decided(verdict.reply.code)
      compare?.(described(), false)
    })
  return {
    hash: inner.hash,
    limits: inner.limits,
    timeouts: inner.timeouts,
    postmaster: inner.postmaster,
    ...(inner.readHints === undefined ? {} : { readHints: inner.readHints }),
    ...(inner.sealed === undefined ? {} : { sealed: inner.sealed }),
    ...(inner.keepsArrival === true ? { keepsArrival: true } : {}),
    connect: (caller) => refusals(inner.connect(caller), () => message(caller, undefined, null)),
    helo: (caller) => refusals(inner.helo(caller), () => message(caller, undefined, null)),
    // Not counted: EHLO asks it too, and no mail is refused by it.
    login: (caller) => inner.login(caller),
    mail: (caller, sender, sizeBytes) =>
      refusals(inner.mail(caller, sender, sizeBytes), () => message(caller, sender, sizeBytes)),
    rcpt: (caller, sender, recipient, sizeBytes) =>
      seen(inner.rcpt(caller, sender, recipient, sizeBytes), (verdict) => {
        decided(verdict.kind === 'accept' ? null : verdict.reply.code)
        compare?.({ ...message(caller, sender, sizeBytes), recipient }, false)
      }),
    // No mail is refused by it.
    verify: (caller, mailbox) => inner.verify(caller, mailbox),
    data: (caller, sender, recipients, content) =>
      seen(inner.data(caller, sender, recipients, content), (verdict) => {
        if (verdict.kind === 'refuse') decided(verdict.reply.code)
        // While data come, only a refusal is an end.
        if (compare === null || (verdict.kind === 'accept' && content.hops === null)) return
        const asked = new Set(recipients.map(({ original }) => original))
        for (const recipient of asked) {
          const { sizeBytes, hops } = content
          compare({ ...message(caller, sender, sizeBytes), recipient, hops }, hops !== null)
        }
      }),
  }
}

/** The watcher is told when the answer is there; the session does not wait for it. */
function seen(asked: Asked, look: (verdict: Verdict) => void): Asked {
  if (asked instanceof Promise) void asked.then(look)
  else look(asked)
  return asked
}
