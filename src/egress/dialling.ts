import type { Dialling } from './dial.ts'
import { heed } from './heed.ts'
import type { Place } from './places.ts'
import type { Pool } from './pool.ts'

/** What a pool gives to whoever opens a connection for it. `without`: labels of hosts that are not to be tried. */
export function diallingOf(pool: Pool, without: ReadonlySet<string>, place: Place): Dialling {
  const { nextHop, options, places, shape, sources } = pool
  return {
    shunned: shape.shunned,
    turns: shape.turns,
    without,
    track: (one) => place.begin(one),
    stopped: () => places.draining || place.isOver,
    source: (target) =>
      sources.choose(options.settings().egress, nextHop.egress ?? shape.settings.egress, nextHop.from, target),
    unbindable({ address }, why) {
      if (address !== null) sources.failed(address, why)
    },
    room: () => (pool.hasRoom ? places.extra() : null),
    refused: (reply) => void heed(reply, pool),
    placed: (hosts) => places.sites.place(nextHop, hosts, pool),
  }
}
