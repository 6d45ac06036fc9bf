import type { HopView, WayView } from '../../mail/hop-view.ts'
import { durationText } from '../text.ts'
import { tlsWords } from './tls-words.ts'

/** What a delivery would do now, in order, for a person. */
export function stepsOf(way: WayView, now: number): readonly string[] {
  const { route, held, hop, lane } = way
  if (route.kind === 'refuse' || route.kind === 'hold' || route.kind === 'discard')
    return [`${route.text}, by the document`]
  if (held !== null) return [`wait, as an operator holds it back: ${held}`]
  if (hop === null) return [`deliver ${route.text}`]
  const waits = waitOf(lane, now)
  return [...(waits === null ? [] : [waits]), ...hopSteps(hop, now)]
}

function waitOf(lane: WayView['lane'], now: number): string | null {
  if (lane === null || lane.state === 'up') return null
  const until =
    lane.until === null ? '' : ` until ${new Date(lane.until).toISOString()} (${durationText(lane.until - now)})`
  return `wait${until}: the next hop is in state ${lane.state}${lane.why === null ? '' : ` (${lane.why})`}`
}

function hopSteps(hop: HopView, now: number): readonly string[] {
  const { outcome, mx } = hop
  const asked = mx === null ? 'take the hosts that the document names; no MX is asked for' : mxStep(mx)
  switch (outcome.kind) {
    case 'failed':
      return [asked, `wait and try again (${outcome.status}): ${outcome.why}`]
    case 'refused':
      return [asked, `fail for good with ${outcome.code} ${outcome.status}: ${outcome.why}`]
    case 'hosts':
      return [asked, ...tries(hop, now), 'wait and try again if none of them takes it now']
  }
}

function mxStep({ state, stale, ttlMs }: NonNullable<HopView['mx']>): string {
  switch (state) {
    case 'found': {
      const left = ttlMs === null ? '' : ` (good for ${durationText(ttlMs)})`
      return stale
        ? 'take the MX of before, as nobody can tell newer ones (RFC 8767)'
        : `take the MX of the domain${left}`
    }
    case 'null-mx':
      return 'see the null MX: the domain takes no mail (RFC 7505)'
    case 'none':
      return 'see that the domain has no MX, and take its own addresses (RFC 5321 §5.1)'
    case 'nxdomain':
      return 'see that the domain does not exist'
    case 'failed':
      return 'ask for the MX, which nobody can tell now'
    case 'literal':
      return 'take the address in brackets'
  }
}

/** By turn; those that did not answer lately come last. */
function tries({ hosts }: HopView, now: number): readonly string[] {
  const all = hosts.flatMap((host) =>
    host.addresses.flatMap(({ address, turn, shunnedUntil }) =>
      turn === null ? [] : [{ host, address, turn, shunnedUntil }],
    ),
  )
  all.sort((a, b) => Number(a.shunnedUntil !== null) - Number(b.shunnedUntil !== null) || a.turn - b.turn)
  return all.map(({ host, address, shunnedUntil }) => {
    const { name, port } = host
    const at = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
    const named = name === address ? '' : ` (${name})`
    const late =
      shunnedUntil === null ? '' : `; after the others, as it did not answer, for ${durationText(shunnedUntil - now)}`
    return `${host.tls?.kind === 'unusable' ? 'pass over' : 'connect to'} ${at}${named}: TLS ${tlsWords(host.tls)}${late}`
  })
}
