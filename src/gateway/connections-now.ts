import type { SmtpCarrier } from '../egress/smtp-carrier.ts'
import type { Listener } from '../ingress/listener.ts'
import type { ConnectionsFilter, ConnectionsView } from '../mail/connection-view.ts'

/** All connections of both directions, the oldest first. */
export function connectionsNow(
  listeners: Iterable<Pick<Listener, 'count' | 'sessions'>>,
  smtp: Pick<SmtpCarrier, 'views'>,
  { direction, limit }: ConnectionsFilter,
): ConnectionsView {
  const all = [...listeners]
  const incoming = direction === 'out' ? [] : all.flatMap((listener) => listener.sessions())
  const outgoing = smtp.views()
  const oldest = <T extends { readonly openedAt: number }>(views: readonly T[]): T[] =>
    [...views].sort((a, b) => a.openedAt - b.openedAt).slice(0, limit)
  return {
    connections: [...oldest(incoming), ...(direction === 'in' ? [] : oldest(outgoing))],
    in: all.reduce((sum, listener) => sum + listener.count(), 0),
    out: outgoing.length,
  }
}
