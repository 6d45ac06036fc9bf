import type { Clock } from '../mail/clock.ts'
import type { IpAddress } from '../mail/ip.ts'
import type { Log } from '../mail/log.ts'
import type { Checked, LoginContext, PlainSecret, ScramForm, ScramKeys, Unknown } from './authenticator.ts'
import type { PasswordChecks } from './passwords/checks.ts'

/** What a source says. `expiresAt` (epoch ms): an acceptance must not be remembered for longer. */
export type Found =
  | (Extract<Checked, { kind: 'accepted' }> & { readonly expiresAt?: number })
  | Exclude<Checked, { kind: 'accepted' }>
  | Unknown

/**
 * One place that knows logins, as its protocol has it. `AskedBackend` stands before each and sees to the rest: time,
 * turns, memory, health. A source may throw: that is an `error` with the message as its reason, so no message may hold a
 * secret. When `signal` is aborted the source lets go of everything at once; what it gives then is not looked at.
 */
export type Source = {
  checkPassword?(login: string, password: string, context: LoginContext, signal: AbortSignal): Promise<Found>
  checkToken?(token: string, loginHint: string | null, context: LoginContext, signal: AbortSignal): Promise<Found>
  scram?(login: string): Promise<ScramKeys | null>
  scramForm?(): Promise<ScramForm | null>
  plainSecret?(login: string): Promise<PlainSecret | null>
  close(): Promise<void>
}

/** Addresses of a host of the document, by the gateway's own resolver. Rejects with the reason. */
export type LookUp = (host: string) => Promise<readonly IpAddress[]>

/** What sources are made with. */
export type SourceParts = {
  readonly clock: Clock
  readonly log: Log
  readonly lookUp: LookUp
  /** The gateway's own name. */
  readonly hostname: () => string
  /** Compares passwords with hashes, for all back-ends that have some. */
  readonly checks: PasswordChecks
}
