import type { PasswordMechanism, TokenMechanism } from '../../mail/relay-login.ts'

/** What a connection logs in with. It is in memory alone, and never in a log. */
export type Credentials = PasswordCredentials | TokenCredentials

export type PasswordCredentials = {
  readonly kind: 'password'
  readonly user: string
  readonly pass: string
  /** In the order in which they are tried. */
  readonly mechanisms: readonly PasswordMechanism[]
}

export type TokenCredentials = {
  readonly kind: 'token'
  readonly user: string
  readonly token: string
  readonly mechanisms: readonly TokenMechanism[]
}

/** There are none now, though the relay wants some: mail for it waits. The message is for people, and holds no secret. */
export class NoCredentials extends Error {
  override name = 'NoCredentials'
  /** Enhanced status code of class 4. */
  readonly status: string
  constructor(status: string, why: string) {
    super(why)
    this.status = status
  }
}
