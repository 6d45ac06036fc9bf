import type { Control } from '../graph/control.ts'
import type { NextHop, Route } from '../mail/next-hop.ts'
import type { QueueEntry } from '../queue/entry.ts'

/**
 * The route of a message whose header names the pool that it leaves by: a next hop of its own, as a connection has one
 * source. A pool or an address that the active graph no longer has is nobody's: then it goes as its route says.
 */
export function byHintedPool(route: Route, { hints }: QueueEntry, { egress = [] }: Control): Route {
  if (hints?.egress === undefined || route.kind !== 'next-hop' || route.nextHop.kind === 'maildir') return route
  const pool = egress.find(({ name }) => name === hints.egress)
  if (pool === undefined) return route
  const { source } = hints
  const from = source !== undefined && pool.addresses.some(({ address }) => address === source) ? source : undefined
  const { nextHop } = route
  const key = `${nextHop.key}#egress=${pool.name}${from === undefined ? '' : `#from=${from}`}`
  const hinted: NextHop = { ...nextHop, key, egress: pool.name, ...(from === undefined ? {} : { from }) }
  return { ...route, nextHop: hinted }
}
