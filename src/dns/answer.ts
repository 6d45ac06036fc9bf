import type { Domain } from '../mail/domain.ts'
import type { IpAddress } from '../mail/ip.ts'

/**
 * What the DNS said. `none` is a fact (NXDOMAIN or no such record, RFC 2308) and may be relied on; `failed` means that
 * nobody could tell (time-out, SERVFAIL, REFUSED, nonsense) and is always temporary.
 */
export type Answer<T> =
  | ({ readonly kind: 'found'; readonly value: T; readonly ttlMs: number } & Standing)
  | ({ readonly kind: 'none'; readonly nxdomain: boolean } & Pick<Standing, 'secure'>)
  | { readonly kind: 'failed'; readonly why: string }

/** What is known of an answer beside what it says. Each is absent where it is not so. */
export type Standing = {
  /** A trusted name server has validated all of it, aliases included (AD, RFC 4035 §4.9.3): DANE demands it. */
  readonly secure?: true
  /** The name at the end of the aliases of the one that was asked for. */
  readonly canonical?: string
  /** Its time is over, and nobody has a newer one (RFC 8767). Only `mx` and `addresses` give such answers. */
  readonly stale?: true
}

/** `exchange` is `''` in a null MX (RFC 7505). */
export type MxRecord = { readonly preference: number; readonly exchange: string }

export type Resolver = {
  mx(name: Domain): Promise<Answer<readonly MxRecord[]>>
  /** A and AAAA together, IPv6 and IPv4 each in the order answered; `failed` only when neither family is known. */
  addresses(name: string): Promise<Answer<readonly IpAddress[]>>
  a(name: string): Promise<Answer<readonly IpAddress[]>>
  /** Each record's strings joined. */
  txt(name: string): Promise<Answer<readonly string[]>>
  close(): void
}
