import type { IpAddress } from '../mail/ip.ts'

/** Where to connect for one next hop, in the order to try. Asked anew for each new connection. */
export type HostsToTry =
  | { readonly kind: 'hosts'; readonly hosts: readonly HostToTry[] }
  /** For good: null MX (556 5.1.10), no such domain (5.1.2), a loop to ourselves (5.4.6), a denied destination (5.7.1). */
  | { readonly kind: 'refused'; readonly code: number; readonly status: string; readonly why: string }
  /** Not now: SERVFAIL, time-out (4.4.3). */
  | { readonly kind: 'failed'; readonly status: string; readonly why: string }

export type HostToTry = { readonly name: string; readonly address: IpAddress; readonly port: number }
