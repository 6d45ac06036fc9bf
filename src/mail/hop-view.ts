/** What `mailgw mx` shows of one way out. Plain JSON. */
export type HopView = {
  /** Key of the next hop, as log and status name it. */
  readonly nextHop: string
  readonly kind: 'mx' | 'relay' | 'hosts'
  /** What the DNS said of the domain; `null`: nobody was asked, as the document names the hosts. */
  readonly mx: MxView | null
  /** Nearest first, in the order of the DNS or of the document; those that are not tried too. */
  readonly hosts: readonly HopHostView[]
  /** MX that stand behind these, and were not looked at. */
  readonly omitted: number
  readonly outcome: HopOutcome
}

export type MxView = {
  /**
   * `found` MX; `null-mx`: it takes no mail (RFC 7505); `none`: the domain is its own host; `nxdomain`: there is no such
   * domain; `failed`: nobody could tell; `literal`: an address in brackets
   */
  readonly state: 'found' | 'null-mx' | 'none' | 'nxdomain' | 'failed' | 'literal'
  /** Why nobody could tell. */
  readonly why: string | null
  readonly secure: boolean
  readonly stale: boolean
  /** Of what was found, until it is asked for anew. */
  readonly ttlMs: number | null
}

/**
 * `tried`        an attempt tries an address of it
 * `ours`         it is this gateway, by name or by address
 * `behind us`    as far as we are, or farther: mail would come back (RFC 5321 §5.1)
 * `not tried`    it has addresses, and none that an attempt would come to
 * `no host`      no name of a host (RFC 2181 §10.3)
 * `no address`   it does not exist, or has no address
 * `unknown`      nobody could tell its addresses
 */
export type HostStanding = 'tried' | 'ours' | 'behind us' | 'not tried' | 'no host' | 'no address' | 'unknown'

export type HopHostView = {
  readonly name: string
  readonly port: number
  /** `null` where the document names the host. */
  readonly preference: number | null
  readonly standing: HostStanding
  readonly why: string | null
  readonly secure: boolean
  readonly stale: boolean
  /** The end of its aliases. */
  readonly canonical: string | null
  readonly addresses: readonly HopAddressView[]
  /** Records of a secure host, as a zone has them. */
  readonly tlsa: readonly string[]
  /** What TLS holds for it; `null` where it is not tried. */
  readonly tls: HostTlsView | null
}

/** `by`: who decided. `unusable`: what was published cannot be met or not be known, and mail waits. */
export type HostTlsView =
  | { readonly kind: 'policy'; readonly level: string; readonly by: string; readonly why: string }
  | { readonly kind: 'unusable'; readonly status: string; readonly why: string }

/**
 * `ours`         connecting there would reach this gateway
 * `denied`       the document forbids it
 * `nowhere`      nothing to connect to: multicast, `0.0.0.0`
 * `surplus`      more than one attempt tries
 */
export type AddressStanding = 'tried' | 'ours' | 'denied' | 'nowhere' | 'surplus'

export type HopAddressView = {
  readonly address: string
  readonly standing: AddressStanding
  /** Why the document forbids it. */
  readonly why: string | null
  /** As which one it is tried, from 1. Equal preferences change places at each attempt. */
  readonly turn: number | null
  /** Epoch ms until which the others are tried first, as it did not answer; `null`: it is as good as they. */
  readonly shunnedUntil: number | null
}

/** What an attempt makes of it. */
export type HopOutcome =
  | { readonly kind: 'hosts'; readonly count: number }
  | { readonly kind: 'refused'; readonly code: number; readonly status: string; readonly why: string }
  | { readonly kind: 'failed'; readonly status: string; readonly why: string }

/** What `mailgw mx` shows of one recipient. Plain JSON. */
export type WayView = {
  readonly recipient: string
  readonly domain: string
  /** `''` for the null reverse-path; `null`: nobody was named. */
  readonly sender: string | null
  /** The document sends mail of some senders another way. */
  readonly bySender: boolean
  /** Hash of the graph that decided. */
  readonly graph: string
  /** The row that decided, and where it is written; `''`: nothing in the document says anything of it. */
  readonly row: {
    readonly at: string
    readonly file: string | null
    readonly line: number
    readonly column: number
  }
  readonly route: {
    readonly kind: 'next-hop' | 'mailbox' | 'refuse' | 'hold' | 'discard'
    readonly text: string
  }
  /** What an operator holds back: why; `null`: nothing. */
  readonly held: string | null
  /** Where mail goes; `null`: to no host. */
  readonly hop: HopView | null
  /** The MX of the domain, which this gateway does not go by; `null`: `hop` has them. */
  readonly published: HopView | null
  /** MTA-STS of the domain. */
  readonly sts: StsPolicyView | null
  /** The lane of the queue; `null`: nothing has waited for this next hop lately, or no gateway was asked. */
  readonly lane: LaneView | null
}

export type StsPolicyView = {
  /** `unknown`: there seems to be one, and it could not be had. */
  readonly state: 'none' | 'enforce' | 'testing' | 'off' | 'unknown'
  readonly id: string | null
  readonly mx: readonly string[]
  readonly expiresAt: number | null
  readonly why: string | null
}

export type LaneView = {
  readonly state: string
  readonly waiting: number
  readonly active: number
  readonly until: number | null
  readonly why: string | null
}
