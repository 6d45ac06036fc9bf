import type { ClaimBox, ClaimEffect } from './define-claims.ts'

// Claims of `prove`, each as the plain data that YAML and JSON spell out. docs/prove.md says what each means.

/** Nobody from outside can send to the outside through this gateway. */
export const noOpenRelay = () => 'noOpenRelay' as const
/** No mail goes round: through aliases, our own listeners, or gateways that are known. */
export const noLoops = () => 'noLoops' as const
/** Every rule and every row decides something. */
export const noDeadRules = () => 'noDeadRules' as const
/** Every domain of ours takes mail for somebody, and that mail goes somewhere. */
export const everyLocalDomainHasTerminal = () => 'everyLocalDomainHasTerminal' as const
/** Every relay gets some mail. */
export const noUnreachableRelay = () => 'noUnreachableRelay' as const
/** No listener takes a password in clear text. */
export const authOnlyOverTls = () => 'authOnlyOverTls' as const
/** Whoever may connect reaches `postmaster` and `abuse` of our domains (RFC 5321 §4.5.1, RFC 2142). */
export const postmasterAndAbuseAccepted = () => 'postmasterAndAbuseAccepted' as const
/** Notifications, whose sender is `<>`, reach our domains like any other mail (RFC 5321 §4.5.5). */
export const nullSenderAcceptedForLocal = () => 'nullSenderAcceptedForLocal' as const
/** When a DNS list cannot be asked, nothing is refused for good and mail from outside still arrives. */
export const oraclesFailSafe = () => 'oraclesFailSafe' as const

/** Every route for mailboxes of the pattern has at least this TLS level. */
export const tlsFloor = (pattern: string, level: 'may' | 'encrypt' | 'verify') => ({ tlsFloor: { pattern, level } })

/** Says something of all messages in a box: `forAll({ recipient: '*.lab.example' }).onlyVia('bart')`. */
export const forAll = <const Listeners extends string = never>(box: ClaimBox<Listeners>) => ({
  /** None of them is ever this. */
  never: <const Relays extends string = never>(effect: ClaimEffect<Relays>) => ({ forAll: box, never: effect }),
  /** All of them are this. */
  always: <const Relays extends string = never>(effect: ClaimEffect<Relays>) => ({ forAll: box, always: effect }),
  /** What is accepted of them goes to this relay alone. */
  onlyVia: <const Relay extends string>(relay: Relay) => ({ forAll: box, onlyVia: relay }),
})

/** A change of the document changes nothing for the messages in this box; `mailgw plan` proves it. */
export const unchanged = <const Listeners extends string = never>(box: ClaimBox<Listeners>) => ({ unchanged: box })

/** All but these patterns: `unchanged({ recipient: except('lab.example', '*.lab.example') })`. */
export const except = (...patterns: readonly [string, ...string[]]) => ({ except: patterns })
