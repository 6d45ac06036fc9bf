import { type Reply, reply } from '../mail/reply.ts'
import type { ListenerSettings } from '../mail/settings.ts'
import type { Admission, Caller, Verdict } from './admission.ts'
import type { Conduct } from './conduct.ts'
import { greetingOf } from './greeting.ts'
import type { House } from './house.ts'
import type { Mode } from './mode.ts'
import { tooEarly } from './replies.ts'
import type { Scribe } from './scribe.ts'

/** What a session shows of itself to whoever greets its client. */
export type Guest = {
  mode: Mode
  readonly house: House
  readonly caller: Caller
  readonly settings: ListenerSettings
  /** Of the graph that the session began with. */
  readonly first: Admission
  readonly scribe: Scribe
  readonly conduct: Conduct
  /** Something came that was not read yet. */
  readonly pending: boolean
  say(answer: Reply): void
  last(answer: Reply | null): void
  wait<T>(answer: Promise<T>, then: (answer: T) => void): void
  pause(ms: number, then: () => void): void
}

/** Says hello, or why not. */
export function welcome(guest: Guest): void {
  const asked = guest.first.connect(guest.caller)
  if (asked instanceof Promise) guest.wait(asked, (verdict) => greet(guest, verdict))
  else greet(guest, asked)
}

function greet(guest: Guest, verdict: Verdict): void {
  const { settings } = guest
  if (verdict.notes !== undefined) guest.scribe.noted('connect', verdict.notes)
  if (verdict.kind === 'accept') {
    guest.pause(settings.greetingDelayMs ?? 0, () => {
      // Who talks before the greeting is no mail server, or a careless one.
      if (guest.pending && isSentAway(guest, tooEarly)) {
        guest.scribe.notGreeted('early')
        return
      }
      guest.scribe.greeted()
      guest.say(reply(220, null, greeting(guest)))
    })
    return
  }
  const { code } = verdict.reply
  guest.scribe.turnedAway(verdict, guest.first.hash)
  // 521 and 421 close (RFC 7504 §3); after 554 the client says QUIT (RFC 5321 §3.1).
  if (code === 421 || code === 521) guest.last(verdict.reply)
  else {
    guest.mode = 'refused'
    guest.say(verdict.reply)
  }
}

/** What a listener says of itself, in the words of the document where it has some. */
const greeting = ({ settings, house, caller }: Guest): string =>
  settings.greeting === undefined
    ? `${settings.hostname} ESMTP`
    : greetingOf(settings, {
        client: caller.client,
        now: house.clock.now(),
        version: house.version ?? '',
        environment: process.env,
      })

/** The client talks when it is not its turn: true when that ends the session. */
export function isSentAway(guest: Guest, why: Reply): boolean {
  if (guest.mode === 'refused') return false
  guest.scribe.early(why.text)
  if (guest.settings.earlyTalkers !== 'refuse') return false
  guest.scribe.refused(why)
  guest.conduct.offended('protocol', guest.caller.client)
  guest.last(why)
  return true
}
