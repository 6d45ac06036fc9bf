import type { Resolver } from '../dns/answer.ts'
import type { DnsblList } from '../dns/dnsbl.ts'
import { checkDnsbl, type DnsblHealth } from '../dns/dnsbl-health.ts'
import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'

/** What is known of the test entries of a list (RFC 5782 §5), for the status. */
export type ListHealth = DnsblHealth & { readonly zone: string; readonly checkedAt: number }

/** A list as rules name it. */
export type NamedList = DnsblList & { readonly id: string }

export type ListHealths = {
  /** Looked at when the list is asked, at most once an hour. Never rejects. */
  of(list: NamedList): DnsblHealth | Promise<DnsblHealth>
  /** Of the lists that were asked lately. */
  list(): readonly ListHealth[]
  /** By the id in the document, of those that were asked in the last hour. */
  states(): ReadonlyMap<string, DnsblHealth['state']>
  /** Another document: ids mean other lists now. What is known of the lists stays. */
  forgetIds(): void
}

const everyMs = 3_600_000
/** After "nobody could tell": name servers come back sooner. */
const againMs = 60_000
/** More zones than any document has; an apply brings others. */
const most = 200

type Known = { checkedAt: number; health: DnsblHealth | null; asking: Promise<DnsblHealth> | null }

export function listHealths(resolver: Resolver, clock: Clock, log: Log): ListHealths {
  const known = new Map<string, Known>()
  const ids = new Map<string, { readonly key: string; readonly askedAt: number }>()
  const told = (zone: string, before: DnsblHealth | null, { state, why }: DnsblHealth) => {
    if (state === (before?.state ?? 'healthy')) return
    if (state === 'healthy') log.info('dnsbl.healthy', { zone, why })
    else if (state !== 'unknown') log.warn('dnsbl.unhealthy', { zone, state, why })
  }
  const ask = async (key: string, list: DnsblList, one: Known): Promise<DnsblHealth> => {
    const health = await checkDnsbl(resolver, list)
    told(list.zone, one.health, health)
    one.health = health
    one.checkedAt = clock.now()
    one.asking = null
    known.delete(key)
    known.set(key, one)
    if (known.size > most) known.delete(known.keys().next().value as string)
    return health
  }
  return {
    of(list) {
      const key = `${list.zone} ${list.codes.join(',')}`
      ids.set(list.id, { key, askedAt: clock.now() })
      let one = known.get(key)
      if (one === undefined) known.set(key, (one = { checkedAt: 0, health: null, asking: null }))
      const { health } = one
      const isFresh = health !== null && clock.now() - one.checkedAt < (health.state === 'unknown' ? againMs : everyMs)
      if (isFresh) return health
      one.asking ??= ask(key, list, one)
      // What was known holds until something else is.
      return health ?? one.asking
    },
    states: () =>
      new Map(
        [...ids].flatMap(([id, { key, askedAt }]) => {
          const health = known.get(key)?.health ?? null
          return health === null || clock.now() - askedAt > everyMs ? [] : [[id, health.state]]
        }),
      ),
    forgetIds: () => ids.clear(),
    list: () =>
      [...known].flatMap(([key, { health, checkedAt }]) =>
        health === null ? [] : [{ zone: key.slice(0, key.indexOf(' ')), ...health, checkedAt }],
      ),
  }
}
