import { networkSet } from '../../graph/network-set.ts'
import type { IpAddress } from '../../mail/ip.ts'
import { parseIp } from '../../mail/ip.ts'
import { foldLogin } from '../../mail/line-facts.ts'
import { ok, type Result, wrong } from '../../mail/result.ts'
import type { ListenerSettings } from '../../mail/settings.ts'
import { decodeXtext, isXtext } from '../../smtp/xtext.ts'
import type { Caller } from '../admission.ts'
import { answer, type Step, start, type Visit } from '../visit.ts'

/** The attributes, by Postfix's names. Those that no rule of ours reads are checked, and say nothing. */
const attributes = ['NAME', 'ADDR', 'PORT', 'PROTO', 'HELO', 'LOGIN', 'DESTADDR', 'DESTPORT'] as const

/** By settings, which are made anew for each graph. */
const allowed = new WeakMap<ListenerSettings, (client: IpAddress) => boolean>()

/** Whether this connection may say whom it is to be taken for: a test host that the document names. */
export function mayTakeRoles({ settings, peer }: Visit): boolean {
  if (settings.xclient === undefined) return false
  let isNamed = allowed.get(settings)
  if (isNamed === undefined) {
    isNamed = networkSet(settings.xclient)
    allowed.set(settings, isNamed)
  }
  return isNamed(peer)
}

/** The line of EHLO that offers XCLIENT, or `''`. */
export const xclientLine = (visit: Visit): string => (mayTakeRoles(visit) ? `\nXCLIENT ${attributes.join(' ')}` : '')

/**
 * XCLIENT attribute=value ... (Postfix's XCLIENT_README): for the rest of the session the client is taken for another one,
 * who is greeted as if it had just come. Only what tests need: who may use it can be anybody.
 */
export function xclient(visit: Visit, argument: string): Step {
  const { state, settings, caller } = visit
  if (settings.xclient === undefined) return answer(state, 502, '5.5.1', 'the command is not implemented here')
  if (!mayTakeRoles(visit)) return answer(state, 550, '5.7.0', 'you are taken for nobody else here')
  if (state.transaction !== null) return answer(state, 503, '5.5.1', 'a transaction is open')
  const read = readAttributes(argument, caller)
  if (!read.ok) return answer(state, 501, '5.5.4', read.error)
  return { next: 'anew', state: { ...start, helo: read.value.helo, extended: state.extended }, who: read.value }
}

type Who = Pick<Caller, 'client' | 'login' | 'helo'>

/** What is not said stays as it is, but for HELO: whoever comes anew has said none. */
function readAttributes(argument: string, { client, login }: Caller): Result<Who> {
  let who: Who = { client, login, helo: null }
  const seen = new Set<string>()
  for (const part of argument.split(' ')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const name = part.slice(0, Math.max(0, equals)).toUpperCase()
    const text = part.slice(equals + 1)
    if (!attributes.some((one) => one === name) || text === '' || !isXtext(text)) {
      return wrong('attributes are NAME=value, of those that EHLO lists')
    }
    if (seen.has(name)) return wrong(`${name} is given twice`)
    seen.add(name)
    const value = /^\[(?:UNAVAILABLE|TEMPUNAVAIL)\]$/i.test(text) ? null : decodeXtext(text)
    const next = taken(who, name, value)
    if (!next.ok) return next
    who = next.value
  }
  return seen.size === 0 ? wrong('expected XCLIENT and an attribute') : ok(who)
}

function taken(who: Who, name: string, value: string | null): Result<Who> {
  if (value !== null && !/^[ -~]{1,255}$/.test(value)) return wrong(`${name} is up to 255 characters of ASCII`)
  switch (name) {
    case 'ADDR': {
      if (value === null) return ok(who)
      const address = parseIp(value.replace(/^ipv6:/i, ''))
      return address.ok ? ok({ ...who, client: address.value }) : wrong('ADDR is an address')
    }
    case 'LOGIN':
      return ok({ ...who, login: value === null ? null : foldLogin(value) })
    case 'HELO':
      return ok({ ...who, helo: value })
    default:
      return ok(who)
  }
}
