import type { Mechanism } from '../mail/settings.ts'
import type { Asked, Verdict } from './admission.ts'
import type { Visit } from './visit.ts'

/** Whether logins are a matter here at all: the listener has them, and somebody can check them. */
export const knowsLogin = ({ settings, house }: Visit): boolean =>
  settings.login !== undefined && (house.authenticator ?? null) !== null

/** What the graph says of AUTH on this line. `helo` is what EHLO has just said. */
export const loginAsked = (visit: Visit, helo: string | null): Asked =>
  visit.admission().login(helo === visit.caller.helo ? visit.caller : { ...visit.caller, helo })

/**
 * The mechanisms of this line where AUTH may be used, in the order of the document. -PLUS binds to a TLS connection, and
 * only where that has something to bind to.
 */
export function mechanismsOn({ settings, house, caller, secured }: Visit): readonly Mechanism[] {
  const all = house.authenticator?.mechanisms(caller.tls, settings) ?? []
  if (!all.includes('SCRAM-SHA-256-PLUS')) return all
  const binds = secured !== null && secured.channelBinding() !== null
  return binds ? all : all.filter((mechanism) => mechanism !== 'SCRAM-SHA-256-PLUS')
}

/** The line of EHLO that offers AUTH, or `''`: who has logged in already is offered it no more (RFC 4954 §4). */
export function authLine(visit: Visit, helo: string): string | Promise<string> {
  if (visit.caller.login !== null || !knowsLogin(visit)) return ''
  const line = (verdict: Verdict): string => {
    const mechanisms = verdict.kind === 'refuse' ? [] : mechanismsOn(visit)
    return mechanisms.length === 0 ? '' : `\nAUTH ${mechanisms.join(' ')}`
  }
  const asked = loginAsked(visit, helo)
  return asked instanceof Promise ? asked.then(line) : line(asked)
}
