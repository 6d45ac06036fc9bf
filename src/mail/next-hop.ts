import type { Domain } from './domain.ts'
import type { TlsNeed } from './envelope.ts'
import type { IpAddress } from './ip.ts'
import type { Reply } from './reply.ts'
import type { HostPort, RelaySettings, TlsLevel } from './settings.ts'

/** Where a recipient goes next. Equal `key`, equal next hop: it names the lane in the queue, the pool, and the log. */
export type NextHop = NextHopKind & {
  /** The address that the mail came in to, where it shall leave from there; in the key as `#from=192.0.2.1`. */
  readonly from?: IpAddress
  /** The pool that the mail itself names, in place of its route's; in the key as `#egress=bulk`. */
  readonly egress?: string
  /** What the mail itself says of TLS; in the key as `#requiretls` or `#tls-optional`. Absent: nothing, as of most. */
  readonly tlsNeed?: TlsNeed
}

/** A next hop's name without what only tells its lanes apart (a digest, a TLS level, a source address). */
export const nextHopName = (key: string): string => key.split('#', 1)[0] as string

type NextHopKind =
  | { readonly kind: 'relay'; readonly key: string; readonly relay: RelaySettings }
  | { readonly kind: 'hosts'; readonly key: string; readonly hosts: readonly HostPort[] }
  | {
      readonly kind: 'mx'
      readonly key: string
      readonly domain: Domain
      readonly tls: TlsLevel
      readonly port: number
    }
  | { readonly kind: 'maildir'; readonly key: string; readonly dir: string }

/** What the active graph says of one recipient at one attempt. `at` is the deciding row. */
export type Route =
  | { readonly kind: 'next-hop'; readonly nextHop: NextHop; readonly at: string }
  | { readonly kind: 'refuse'; readonly reply: Reply; readonly at: string }
  | { readonly kind: 'hold'; readonly reason: string; readonly at: string }
  | { readonly kind: 'discard'; readonly at: string }
