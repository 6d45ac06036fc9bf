import type { RewriteSettings } from './rewriting.ts'

/** What holds towards one next hop. Every key is absent where nothing is said: then what holds for all next hops holds. */
export type NextHopSettings = {
  /** Connections at one moment. */
  readonly connections?: number
  /** Messages handed over within a time. */
  readonly rate?: DeliveryRate
  readonly messagesPerConnection?: number
  /** Of one transaction. */
  readonly recipientsPerMessage?: number
  /** Name of a pool of source addresses. */
  readonly egress?: string
  /** What follows from what the other side says; the first that matches. */
  readonly reactions?: readonly Reaction[]
  /** Addresses that are others towards it. */
  readonly rewrite?: RewriteSettings
  /** Content that a host does not take as it is fails. Absent: it is converted where that breaks nothing. */
  readonly conversion?: 'refuse'
  /** Name of a schedule. */
  readonly retry?: string
  /** Senders hear nothing of failures on this route. */
  readonly dsn?: 'never'
}

/** In front of a pattern of MX hosts. */
export const mxHostPrefix = 'mx-host:'

/** What may be said of MX hosts: the rest is decided before they are known. */
export const ofMxHosts: ReadonlySet<string> = new Set([
  ...['connections', 'rate', 'messagesPerConnection', 'recipientsPerMessage', 'reactions'],
])

/** At most `most` within `perMs`, and no more than that at once. */
export type DeliveryRate = { readonly most: number; readonly perMs: number }

/**
 * What is done when a refusal (4yz, 5yz) matches. `match` is one text of up to three parts, divided by blanks:
 *   code     `421`, `4??`
 *   status   `4.7.28`, `4.7.*` (RFC 3463)
 *   text     is looked for anywhere in the reply, without regard to case; `*` stands for any text
 */
export type Reaction = { readonly match: string; readonly do: ReactionDeed }

/**
 *   back-off   nothing more is handed out for so long
 *   slow       no more than this for so long
 *   suspend    as an operator would: the mail waits and does not expire meanwhile
 */
export type ReactionDeed =
  | { readonly kind: 'back-off'; readonly forMs: number }
  | { readonly kind: 'slow'; readonly rate: DeliveryRate; readonly forMs: number }
  | { readonly kind: 'suspend'; readonly forMs: number }

/**
 * What holds for next hops that are found by MX or named as hosts in a row: by domain, or by the name of the first host.
 * With `mx-host:` in front of the pattern: for all next hops together whose nearest MX host it matches.
 */
export type DestinationSettings = { readonly pattern: string } & NextHopSettings

/** Addresses that connections to next hops come from. The one named `default` is that of all that name none. */
export type EgressPool = {
  readonly name: string
  /** Empty: what the system chooses. */
  readonly addresses: readonly EgressAddress[]
  /** Name in EHLO where the address has none of its own; absent: the gateway's. */
  readonly hostname?: string
  /**
   * Mail leaves from the address that it came in to, when that is `within` one of these networks (absent: any) and in
   * none of `except`; else from `addresses`.
   */
  readonly sameAsListener?: { readonly within?: readonly string[]; readonly except?: readonly string[] }
}

export type EgressAddress = {
  readonly address: string
  /** Its share among those of its family; absent: 1. */
  readonly weight?: number
  readonly hostname?: string
}

/** The pool of everything that names none. */
export const defaultPool = 'default'
