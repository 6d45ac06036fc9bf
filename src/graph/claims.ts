import type { Box } from './box.ts'

/**
 * What proofs need and no walk decides, so that a graph can be analysed without its document: who is internal, what is
 * ours, and what the document says must hold. Part of the canonical text: to drop a claim is a change to review.
 */
export type Claims = {
  /** Of the networks that hold a client the longest decides whether it is internal; without any it is not. Sorted. */
  readonly clients: readonly (readonly [network: string, isInternal: boolean, at: string])[]
  /**
   * Who logged in is internal or not by the most specific of these, whatever its address; else a verified certificate
   * decides, then the network. Sorted; absent where no client is known by this.
   */
  readonly logins?: Claims['clients']
  readonly certificates?: Claims['clients']
  /** The domains that this gateway answers for, by most specific pattern. Sorted. */
  readonly domains: readonly (readonly [pattern: string, kind: 'local' | 'relay', at: string])[]
  /** The rules of the document, its DNS lists and checks: those that a graph does not show because they decide nothing, too. Sorted: their order is in the graph. */
  readonly rules: readonly string[]
  /** An open relay that the document asks for, until the day named (UTC). */
  readonly openRelay: { readonly reason: string; readonly until: string; readonly at: string } | null
  /** In the order of the document. */
  readonly prove: readonly Claim[]
}

/** Claims about the gateway as a whole; they need no words but their name. */
export const wholeClaims = [
  'noOpenRelay',
  'noLoops',
  'noDeadRules',
  'everyLocalDomainHasTerminal',
  'noUnreachableRelay',
  'authOnlyOverTls',
  'postmasterAndAbuseAccepted',
  'nullSenderAcceptedForLocal',
  'oraclesFailSafe',
] as const
export type WholeClaim = (typeof wholeClaims)[number]

export const effects = ['accepted', 'refused', 'relayed', 'delivered', 'held', 'discarded'] as const
/**
 * What may be said of a message for one recipient. `refused`: by any reply, also a temporary one. `relayed`, `delivered`
 * (into a maildir), `held`, `discarded` and a relay by name: of a mailbox that it goes to.
 */
export type Effect = (typeof effects)[number] | { readonly relay: string }

export const floors = ['may', 'encrypt', 'verify'] as const
export type Floor = (typeof floors)[number]

export type Claim = { readonly at: string } & (
  | { readonly kind: WholeClaim }
  /** Every route of mailboxes that `pattern` matches has at least this TLS level. */
  | { readonly kind: 'tlsFloor'; readonly pattern: string; readonly level: Floor }
  /** No message of the box; for no mailbox that it goes to. */
  | { readonly kind: 'never'; readonly box: Box; readonly effect: Effect }
  /** Every message of the box; for every mailbox that it goes to. */
  | { readonly kind: 'always'; readonly box: Box; readonly effect: Effect }
  /** What is accepted of the box goes to this relay and nowhere else. */
  | { readonly kind: 'onlyVia'; readonly box: Box; readonly relay: string }
  /** A change of the document changes nothing for these messages. */
  | { readonly kind: 'unchanged'; readonly box: Box }
)

export const noClaims: Claims = { clients: [], domains: [], rules: [], openRelay: null, prove: [] }

/** Every `at` of the claims, for the sidecar of positions. */
export function* elementsOfClaims({
  clients,
  logins,
  certificates,
  domains,
  rules,
  openRelay,
  prove,
}: Claims): Generator<string> {
  for (const [, , at] of [...clients, ...(logins ?? []), ...(certificates ?? [])]) yield at
  for (const [, , at] of domains) yield at
  yield* rules
  if (openRelay !== null) yield openRelay.at
  for (const { at } of prove) yield at
}
