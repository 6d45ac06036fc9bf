import type { Many } from './define.ts'

/** Patterns that are meant: these, or all but some, or these but some. */
export type Some<T extends string = string> = Many<T> | { readonly in?: Many<T>; readonly except: Many<T> }

export type OracleOutcome = 'listed' | 'clear' | 'error'

/** A set of messages. What is not said may be anything; a message is in the box when all that is said holds. */
export type ClaimBox<Listeners extends string = string> = {
  readonly listener?: Many<Listeners>
  readonly client?: Some
  /** `true`: from clients that may relay; `false`: from all others. */
  readonly internal?: boolean
  /** `true`: over encrypted lines; `false`: in the clear. */
  readonly tls?: boolean
  /** Who logged in; nobody is `except('*')`, as for `certificate` and `helo`. */
  readonly login?: Some
  readonly certificate?: Some
  readonly helo?: Some
  readonly sender?: Some
  readonly recipient?: Some
  readonly size?: { readonly over?: string; readonly upTo?: string }
  /** Answers of DNS lists, by name: `{ zen: 'error' }`. */
  readonly dnsbl?: { readonly [id: string]: Many<OracleOutcome> }
}

export type ClaimEffect<Relays extends string = string> =
  | 'accepted'
  | 'refused'
  | 'relayed'
  | 'delivered'
  | 'held'
  | 'discarded'
  | { readonly relay: Relays }

export type WholeClaim =
  | 'noOpenRelay'
  | 'noLoops'
  | 'noDeadRules'
  | 'everyLocalDomainHasTerminal'
  | 'noUnreachableRelay'
  | 'authOnlyOverTls'
  | 'postmasterAndAbuseAccepted'
  | 'nullSenderAcceptedForLocal'
  | 'oraclesFailSafe'

/** Something that must hold for every message, whatever else the document says. */
export type Claim<Listeners extends string = string, Relays extends string = string> =
  | WholeClaim
  | { readonly tlsFloor: { readonly pattern: string; readonly level: 'may' | 'encrypt' | 'verify' } }
  | {
      /** With one of the three others. */
      readonly forAll: ClaimBox<Listeners>
      readonly never?: ClaimEffect<Relays>
      readonly always?: ClaimEffect<Relays>
      readonly onlyVia?: Relays
    }
  | { readonly unchanged: ClaimBox<Listeners> }
