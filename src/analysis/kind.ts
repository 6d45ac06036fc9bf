import { type Behaviour, type RouteText, sameBehaviour } from '../graph/behaviour.ts'
import type { TlsLevel } from '../mail/settings.ts'
import type { ChangeKind } from './change-set.ts'

type Circumstances = {
  /** By the claims of the graph before. */
  readonly isInternal: boolean
  /** By the claims of the graph after. */
  readonly isOurs: boolean
  /** By the claims of the graph after, of the login alone. */
  readonly isInternalLogin: boolean
  /** Somebody has logged in over a line that is not encrypted. */
  readonly isClearLogin: boolean
}

/** What kind of change this is for one message, `null` for none. */
export function kindOf(from: Behaviour, to: Behaviour, circumstances: Circumstances): ChangeKind | null {
  if (sameBehaviour(from, to)) return null
  const { isInternal, isOurs, isInternalLogin, isClearLogin } = circumstances
  if (isClearLogin && isLoginRefused(from) && !isLoginRefused(to)) return 'login-in-clear'
  if (to.kind === 'refused') return from.kind === 'refused' ? 'text' : 'refused'
  if (from.kind === 'refused') {
    if (isInternal || isOurs || lowestTls(to) === null) return 'accepted'
    return isInternalLogin ? 'relayed-by-login' : 'relayed-from-outside'
  }
  const before = lowestTls(from)
  const now = lowestTls(to)
  return before !== null && now !== null && now < before ? 'tls-lowered' : 'rerouted'
}

const isLoginRefused = (behaviour: Behaviour): boolean => behaviour.kind === 'refused' && behaviour.stage === 'auth'

/** All that `kindOf` asks of a behaviour, beside whether it is the same as the other; `null` for one that is like no other. */
export function kindTrait(behaviour: Behaviour): string | null {
  return behaviour.kind === 'refused' ? null : `accepted ${lowestTls(behaviour)}`
}

const ranks: readonly TlsLevel[] = ['off', 'may', 'encrypt', 'verify']

/** The least that is required of the lines that mail takes from the gateway; `null` when it takes none. */
export function tlsOf(behaviour: Behaviour): TlsLevel | null {
  const rank = behaviour.kind === 'refused' ? null : lowestTls(behaviour)
  return rank === null ? null : ranks[rank]!
}

/** Of the ways that leave the gateway; `null` when none does. */
function lowestTls({ finals }: Extract<Behaviour, { kind: 'accepted' }>): number | null {
  const levels = finals.flatMap(({ route }) => (route.tls === null ? [] : [ranks.indexOf(route.tls)]))
  return levels.length === 0 ? null : Math.min(...levels)
}

/** A move in words: where the short ones are the same, with all that two ways may differ in. */
export function moveTexts(from: Behaviour, to: Behaviour): { readonly from: string; readonly to: string } {
  const short = { from: moveText(from, wayText), to: moveText(to, wayText) }
  if (short.from !== short.to) return short
  return { from: moveText(from, wholeWayText), to: moveText(to, wholeWayText) }
}

/** The behaviour in words; the recipient itself needs no name. */
function moveText(behaviour: Behaviour, way: (route: RouteText) => string): string {
  if (behaviour.kind === 'refused') {
    const { stage, code, status, text } = behaviour
    const where = way === wayText ? '' : ` at ${stage}`
    return `refused${where} ${code} ${status} ${text.replaceAll('\n', ' ')}`
  }
  const finals = behaviour.finals.map(({ mailbox, route }) =>
    mailbox === '' ? way(route) : `${mailbox} ${way(route)}`,
  )
  const few = finals.slice(0, 5).join(', ')
  const shown = finals.length > 5 ? `${few} and ${finals.length - 5} more` : few
  return behaviour.tags === undefined ? shown : `${shown}, marked ${behaviour.tags.join(', ')}`
}

const wayText = ({ text }: RouteText): string => text

function wholeWayText({ kind, text, hosts, tls, user }: RouteText): string {
  if (kind !== 'relay') return text
  const login = user === null ? '' : `, login ${user}`
  return `${text} (${hosts.map(({ host, port }) => `${host}:${port}`).join(', ')}, TLS ${tls}${login})`
}
