import { createSocket } from 'node:dgram'
import type { SmtpCarrierOptions } from '../egress/dial.ts'
import type { Control } from '../graph/control.ts'
import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import { nextHopName } from '../mail/next-hop.ts'
import { settingsOf, siteOf } from '../route/next-hop-settings.ts'
import type { Live } from './live.ts'
import type { Overlays } from './overlays.ts'

export type EgressParts = {
  readonly live: () => Live
  readonly overlays: Pick<Overlays, 'add' | 'list'>
  readonly clock: Clock
  readonly log: Log
}

/** What the carrier asks about next hops, and what it has done to them. */
export function egressParts(parts: EgressParts): Required<Pick<SmtpCarrierOptions, 'nextHop' | 'site' | 'suspend'>> {
  const { live, overlays, clock, log } = parts
  return {
    nextHop: (nextHop) => settingsOf(nextHop, live().control),
    site: (nextHop, host) => siteOf(nextHop, host, live().control),
    suspend({ key }, forMs, reason) {
      const nextHop = nextHopName(key)
      const now = clock.now()
      const holds = overlays.list().filter((one) => one.kind === 'hold')
      // Of an operator or from the reply before; the later end of the two would be no better.
      if (holds.some((one) => one.nextHop === nextHop)) return true
      // Strangers choose domains and what their hosts say: they are not to fill the list that operators need.
      if (holds.filter(({ owner }) => owner === itself).length >= maxSuspended) return false
      overlays
        .add(
          {
            owner: itself,
            reason: printable(reason),
            until: now + forMs,
            restriction: { kind: 'hold', domain: null, nextHop },
          },
          { actor: itself, scopes: new Set() },
        )
        .then(
          (added) => added.ok || log.error('next-hop.not-suspended', { nextHop, why: added.error }),
          (error: Error) => log.error('next-hop.not-suspended', { nextHop, why: error.message }),
        )
      return true
    },
  }
}

/** As owner and actor of what nobody asked for. */
const itself = 'gateway'

/** Next hops that reactions may suspend at one moment; further ones back off. */
const maxSuspended = 100

/** What a peer said stands in it: one line of ordinary text, of a length that nobody minds. */
const printable = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ').slice(0, 300)

/**
 * Why the source addresses of a graph cannot be used on this machine, in one sentence, or `null`. A datagram socket is
 * bound to each for a moment: the same rules hold as for connections, and nobody can reach it by TCP.
 */
export async function unusableSource({ egress = [] }: Control): Promise<string | null> {
  const addresses = new Map(
    egress.flatMap(({ name, addresses: of }) => of.map(({ address }) => [address, name] as const)),
  )
  for (const [address, pool] of addresses) {
    const code = await bindFailure(address)
    if (code === null) continue
    const meaning = code === 'EADDRNOTAVAIL' ? 'it is no address of this machine' : code
    return `egress.${pool}: connections cannot come from ${address}: ${meaning}`
  }
  return null
}

function bindFailure(address: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4' })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close()
      resolve(error.code ?? error.message)
    })
    socket.bind({ address, port: 0, exclusive: true }, () => socket.close(() => resolve(null)))
  })
}
