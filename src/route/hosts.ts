import type { Resolver } from '../dns/answer.ts'
import type { IpAddress } from '../mail/ip.ts'
import type { NextHop } from '../mail/next-hop.ts'
import { assertNever } from '../mail/result.ts'
import type { HostPort } from '../mail/settings.ts'
import { candidates, conclude, type HostsOptions, together } from './candidates.ts'
import { mxHosts } from './mx-hosts.ts'

/** Where to connect for one next hop, in the order to try. Asked anew for each new connection. */
export type HostsToTry =
  /** `equals`: names of MX that are as near as the first one, itself among them; absent: there is no other. */
  | { readonly kind: 'hosts'; readonly hosts: readonly HostToTry[]; readonly equals?: ReadonlySet<string> }
  /** For good: null MX (556 5.1.10), no such domain (5.1.2), a loop to ourselves (5.4.6), a denied destination (5.7.1). */
  | { readonly kind: 'refused'; readonly code: number; readonly status: string; readonly why: string }
  /** Not now: SERVFAIL, time-out (4.4.3). */
  | { readonly kind: 'failed'; readonly status: string; readonly why: string }

export type HostToTry = { readonly name: string; readonly address: IpAddress; readonly port: number }

/** Where to connect for `nextHop` now. A maildir has no hosts. */
export async function hostsToTry(nextHop: NextHop, resolver: Resolver, options: HostsOptions): Promise<HostsToTry> {
  switch (nextHop.kind) {
    case 'relay':
      return await namedHosts(nextHop.relay.hosts, resolver, options)
    case 'hosts':
      return await namedHosts(nextHop.hosts, resolver, options)
    case 'mx':
      return await mxHosts(nextHop.domain, nextHop.port, resolver, options)
    case 'maildir':
      throw new Error(`${nextHop.key} is no host`)
    default:
      return assertNever(nextHop)
  }
}

/**
 * Hosts that the document names, in its order. MX are never asked for. A name that does not exist is a mistake here, in
 * the document or in the DNS, and not in the recipient's address: the mail waits until somebody has put it right.
 */
async function namedHosts(named: readonly HostPort[], resolver: Resolver, options: HostsOptions): Promise<HostsToTry> {
  const found = together(await Promise.all(named.map(({ host, port }) => candidates(host, port, resolver, options))))
  const hosts = named.map(({ host }) => host).join(', ')
  return conclude(found, options, { kind: 'failed', status: '4.4.4', why: `no such host: ${hosts}` })
}
