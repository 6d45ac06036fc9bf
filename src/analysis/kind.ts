import type { Behaviour } from '../graph/behaviour.ts'
import { sameBehaviour } from '../graph/behaviour.ts'
import type { TlsLevel } from '../mail/settings.ts'
import type { ChangeKind } from './change-set.ts'

type Circumstances = {
  /** By the claims of the graph before. */
  readonly isInternal: boolean
  /** By the claims of the graph after. */
  readonly isOurs: boolean
}

/** What kind of change this is for one message, `null` for none. */
export function kindOf(from: Behaviour, to: Behaviour, { isInternal, isOurs }: Circumstances): ChangeKind | null {
  if (sameBehaviour(from, to)) return null
  if (to.kind === 'refused') return from.kind === 'refused' ? 'text' : 'refused'
  if (from.kind === 'refused')
    return !isInternal && !isOurs && lowestTls(to) !== null ? 'relayed-from-outside' : 'accepted'
  const before = lowestTls(from)
  const now = lowestTls(to)
  return before !== null && now !== null && now < before ? 'tls-lowered' : 'rerouted'
}

const ranks: readonly TlsLevel[] = ['off', 'may', 'encrypt', 'verify']

/** Of the ways that leave the gateway; `null` when none does. */
function lowestTls({ finals }: Extract<Behaviour, { kind: 'accepted' }>): number | null {
  const levels = finals.flatMap(({ route }) => (route.tls === null ? [] : [ranks.indexOf(route.tls)]))
  return levels.length === 0 ? null : Math.min(...levels)
}

/** The behaviour in words; the recipient itself needs no name. */
export function moveText(behaviour: Behaviour): string {
  if (behaviour.kind === 'refused')
    return `refused ${behaviour.code} ${behaviour.status} ${behaviour.text.replaceAll('\n', ' ')}`
  const finals = behaviour.finals.map(({ mailbox, route }) =>
    mailbox === '' ? route.text : `${mailbox} ${route.text}`,
  )
  const shown = finals.slice(0, 5).join(', ')
  return finals.length > 5 ? `${shown} and ${finals.length - 5} more` : shown
}
