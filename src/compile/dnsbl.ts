import type { DnsblEntry, Document } from '../config/document.ts'
import type { Builder, Ref } from './builder.ts'
import { cannotTell, follow } from './refusal.ts'

/**
 * The lists of each listener in the document's order, in front of `next`; without names, of the listeners of kind `mx`.
 * What happens when a list cannot be asked is written in the document: an error is never the same as clear by itself.
 */
export function dnsbl(build: Builder, document: Document, next: Ref): Ref {
  const cases = document.listeners.map((listener) => {
    const lists = document.dnsbl.filter(({ listeners }) =>
      listeners === null ? listener.kind === 'mx' : listeners.includes(listener.name),
    )
    return [listener.name, chain(build, lists, document.dnsblThreshold ?? null, next)] as const
  })
  return build.choice('listener', cases, next)
}

/**
 * The lists from one on, given the sum of weights so far; `null`: a sum has decided already, or none can. A list whose
 * weight can no longer bring the sum to the threshold is not asked.
 */
function chain(build: Builder, lists: readonly DnsblEntry[], threshold: number | null, next: Ref): Ref {
  const known = new Map<string, Ref>()
  /** What the deny lists from each on can add. */
  const rest: number[] = [0]
  for (const list of lists.toReversed()) rest.unshift(rest[0]! + (isDeny(list) ? (list.weight ?? 0) : 0))

  const from = (i: number, sum: number | null): Ref => {
    const list = lists[i]
    if (list === undefined) return next
    const reachable = sum !== null && threshold !== null && sum + rest[i]! >= threshold ? sum : null
    const key = `${i} ${reachable}`
    let ref = known.get(key)
    if (ref === undefined) known.set(key, (ref = asked(i, list, reachable)))
    return ref
  }

  const asked = (i: number, list: DnsblEntry, sum: number | null): Ref => {
    const { id, zone, codes, onListed, onError, weight, mode, at } = list
    const clear = from(i + 1, sum)
    if (weight !== undefined && sum === null) return clear
    const listed = (): Ref => {
      if (!isDeny(list)) return weight === undefined ? next : from(i + 1, sum! - weight)
      // What is only observed adds nothing, as if the list were not there.
      if (mode === 'observe') return follow(build, onListed, { at, mode }, clear)
      if (weight === undefined) return follow(build, onListed, { at, mode }, clear)
      const total = sum! + weight
      return total < threshold! ? from(i + 1, total) : follow(build, onListed, { at, mode }, from(i + 1, null))
    }
    const error =
      onError === 'ignore' || mode === 'observe'
        ? clear
        : cannotTell(build, 'your address cannot be checked now, try again later', at)
    const oracle = { kind: 'dnsbl', id, zone, codes: [...new Set(codes)].sort() } as const
    return build.oracle({ oracle, at }, { listed: listed(), clear, error })
  }
  return from(0, 0)
}

const isDeny = ({ kind }: DnsblEntry): boolean => kind !== 'allow'
