import type { Authenticator, LoginContext } from '../credentials/authenticator.ts'
import type { Logins } from '../credentials/sasl/exchange.ts'
import type { Reply } from '../mail/reply.ts'
import type { LoginGuard } from './guard.ts'

/**
 * Stands between a mechanism and the authenticator for one attempt: it remembers which account was tried, and asks
 * nobody about an account that is locked against this client. The client learns of the lock by the reply alone, at the
 * end of its exchange, so that a lock does not tell which passwords are right.
 */
export class LoginAttempt implements Logins {
  /** As it was said, folded; `null`: nobody was named. */
  account: string | null = null
  locked: Reply | null = null
  private readonly authenticator: Authenticator
  private readonly guard: LoginGuard | null

  constructor(authenticator: Authenticator, guard: LoginGuard | null) {
    this.authenticator = authenticator
    this.guard = guard
  }

  async checkPassword(login: string, password: string, context: LoginContext) {
    if (this.names(login, context)) return { kind: 'refused' } as const
    return await this.authenticator.checkPassword(login, password, context)
  }

  async scram(login: string, context: LoginContext) {
    if (this.names(login, context)) return { kind: 'error', why: 'locked' } as const
    return await this.authenticator.scram(login, context)
  }

  async checkToken(token: string, loginHint: string | null, context: LoginContext) {
    if (loginHint !== null && this.names(loginHint, context)) return { kind: 'refused' } as const
    return await this.authenticator.checkToken(token, loginHint, context)
  }

  async plainSecret(login: string, context: LoginContext) {
    if (this.names(login, context)) return { kind: 'error', why: 'locked' } as const
    return await this.authenticator.plainSecret(login, context)
  }

  /** True when nobody may be asked. */
  private names(login: string, { client }: LoginContext): boolean {
    this.account = login
    this.locked = this.guard?.locked(login, client) ?? null
    return this.locked !== null
  }
}
