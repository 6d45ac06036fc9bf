import type { Offence } from '../credentials/offence.ts'
import type { IpAddress } from '../mail/ip.ts'
import type { Reply } from '../mail/reply.ts'

/**
 * What sessions tell of their clients, and what becomes of them for it: one for all listeners of a gateway. Nothing here
 * waits, but for the answer to a failed login, which the session holds back.
 */
export type Guard = {
  /** How a banned client is sent away, in place of a greeting; `null`: it may come in. */
  turnsAway(client: IpAddress): Reply | null
  /** Counts. Gives the last reply of the session, when the client is banned for it; else `null`. */
  offended(client: IpAddress, offence: Offence): Reply | null
  readonly login: LoginGuard
}

/** Asked around a login. `account` is the login as it was said, folded to lower case. */
export type LoginGuard = {
  /** Before the password is looked at: the reply where nobody is let in to this account from there now, else `null`. */
  locked(account: string, client: IpAddress): Reply | null
  /** It was refused (not: could not be checked). `account` is `null` when nobody was named. */
  failed(account: string | null, client: IpAddress): FailedLogin
  succeeded(account: string, client: IpAddress): void
}

/** The refusal goes out after `delayMs`; then, where `last` is given, that follows and the session ends. */
export type FailedLogin = { readonly delayMs: number; readonly last: Reply | null }
