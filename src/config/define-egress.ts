import type { Duration, List, Many } from './define.ts'
import type { NextHopContent } from './define-copies.ts'
import type { RouteRetry } from './define-notices.ts'

/** What a reply of a next hop leads to; made by `backoff()`, `slow()` and `suspend()`. */
export type ReactionDeed =
  | { readonly backoff: Duration }
  | { readonly slow: string; readonly for: Duration }
  | { readonly suspend: Duration }

export type Reaction = { readonly match: string; readonly do: ReactionDeed }

/** What holds towards one next hop. */
export type NextHop = {
  readonly connections?: number
  /** `'100/1m'`: messages within a time. */
  readonly rate?: string
  readonly messagesPerConnection?: number
  readonly recipientsPerMessage?: number
  /** Name of a pool of `egress`. */
  readonly egress?: string
  readonly reactions?: readonly Reaction[]
} & RouteRetry &
  NextHopContent

/** An address that connections to next hops come from. */
export type EgressAddress = { readonly address: string; readonly weight?: number; readonly hostname?: string }

/** Addresses alone, or an object with keys. */
export type EgressPool =
  | Many<string>
  | {
      readonly addresses?: string | EgressAddress | readonly (string | EgressAddress)[]
      readonly hostname?: string
      readonly sameAsListener?: true | { readonly within?: List; readonly except?: List }
    }
