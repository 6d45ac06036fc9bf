import type { Control } from '../graph/control.ts'
import { networkSet } from '../graph/network-set.ts'
import type { IpAddress } from '../mail/ip.ts'
import type { Route } from '../mail/next-hop.ts'
import { defaultPool } from '../mail/next-hop-settings.ts'
import type { QueueEntry } from '../queue/entry.ts'
import { settingsOf } from '../route/next-hop-settings.ts'

type MayLeaveFrom = (address: IpAddress) => boolean

// By control; `null`: no pool sends from where mail came in, and no envelope is looked at.
const known = new WeakMap<Control, ReadonlyMap<string, MayLeaveFrom> | null>()

/**
 * The route of a message whose pool sends it from the address that it came in to: that is a next hop of its own, as a
 * connection has one source address. A pool's other mail, and all of other pools, goes as the graph says.
 */
export function fromOwnSource(route: Route, entry: QueueEntry, control: Control): Route {
  let pools = known.get(control)
  if (pools === undefined) {
    pools = poolsOf(control)
    known.set(control, pools)
  }
  if (pools === null || route.kind !== 'next-hop' || route.nextHop.kind === 'maildir') return route
  if (route.nextHop.from !== undefined) return route
  const mayLeaveFrom = pools.get(route.nextHop.egress ?? settingsOf(route.nextHop, control).egress ?? defaultPool)
  if (mayLeaveFrom === undefined) return route
  const { local } = entry.envelope.origin
  if (local === undefined || !mayLeaveFrom(local)) return route
  return { ...route, nextHop: { ...route.nextHop, key: `${route.nextHop.key}#from=${local}`, from: local } }
}

function poolsOf({ egress = [] }: Control): ReadonlyMap<string, MayLeaveFrom> | null {
  const pools = new Map<string, MayLeaveFrom>()
  for (const { name, sameAsListener } of egress) {
    if (sameAsListener === undefined) continue
    const { within, except = [] } = sameAsListener
    const isWithin = within === undefined ? () => true : networkSet(within)
    const isExcepted = networkSet(except)
    pools.set(name, (address) => isWithin(address) && !isExcepted(address))
  }
  return pools.size === 0 ? null : pools
}
