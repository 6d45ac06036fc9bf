import type { Demand, Ending, Way } from './suite-case.ts'
import { wayText } from './suite-words.ts'

/**
 * What comes of a message today, as demands that a change of it would break: the code of a refusal; the way, and the
 * mailboxes where the recipient stands for others, and its marks. `recipient` is its own key.
 */
export function demandsOf({ fate }: Ending, recipient: string | null): readonly Demand[] {
  if (fate.kind === 'refused') return [{ kind: fate.code < 500 ? 'deferred' : 'rejected', code: fate.code }]
  const keys = [...new Set(fate.finals.map(({ key }) => key))].sort()
  const to: Demand[] = keys.length === 1 && keys[0] === recipient ? [] : [{ kind: 'to', mailboxes: keys }]
  const tagged = (fate.tags ?? []).map((tag): Demand => ({ kind: 'tagged', tag }))
  const [first] = fate.finals
  if (first === undefined) return [{ kind: 'accepted' }, ...tagged]
  const ways = new Set(fate.finals.map(({ way }) => wayText(way)))
  return [...(ways.size === 1 ? demandsOfWay(first.way) : [{ kind: 'accepted' } as const]), ...to, ...tagged]
}

function demandsOfWay(way: Way): Demand[] {
  switch (way.kind) {
    case 'relay':
      return [
        { kind: 'relay', relay: way.relay },
        { kind: 'tls', level: way.tls },
      ]
    case 'hosts':
      return [{ kind: 'hosts', hosts: way.hosts }]
    case 'mx':
      return [{ kind: 'mx' }, { kind: 'tls', level: way.tls }]
    case 'maildir':
      return [{ kind: 'delivered', dir: way.dir }]
    case 'hold':
      return [{ kind: 'held' }]
    case 'discard':
      return [{ kind: 'discarded' }]
  }
}
