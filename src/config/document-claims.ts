import type { WholeClaim } from './define-claims.ts'

/**
 * A claim of `prove` after validation: units and names are read, patterns are in A-labels. Part of `Document`, kept by
 * itself because nothing but `compile` reads it.
 */
export type ClaimEntry = { readonly at: string } & (
  | { readonly kind: WholeClaim }
  | { readonly kind: 'tlsFloor'; readonly pattern: string; readonly level: 'may' | 'encrypt' | 'verify' }
  | { readonly kind: 'never' | 'always'; readonly box: BoxEntry; readonly effect: EffectEntry }
  | { readonly kind: 'onlyVia'; readonly box: BoxEntry; readonly relay: string }
  | { readonly kind: 'unchanged'; readonly box: BoxEntry }
)

export type EffectEntry =
  | 'accepted'
  | 'refused'
  | 'relayed'
  | 'delivered'
  | 'held'
  | 'discarded'
  | { readonly relay: string }

/** Patterns that are meant (`null`: all), without those of `except`. */
export type SomeEntry = { readonly in: readonly string[] | null; readonly except: readonly string[] }

/** `null`: any. */
export type BoxEntry = {
  readonly listeners: readonly string[] | null
  readonly client: SomeEntry | null
  readonly internal: boolean | null
  /** Absent, as of the next three: any. */
  readonly tls?: boolean
  readonly login?: SomeEntry
  readonly certificate?: SomeEntry
  readonly helo?: SomeEntry
  readonly sender: SomeEntry | null
  readonly recipient: SomeEntry | null
  readonly overBytes: number | null
  readonly upToBytes: number | null
  readonly dnsbl: readonly (readonly [id: string, outcomes: readonly ('listed' | 'clear' | 'error')[]])[]
}
