import type { OauthGrant, TokenLogin } from '../../mail/relay-login.ts'

/** Access tokens for relays, as who logs in asks for them. */
export type Tokens = {
  /** One that is good for a while yet. @throws NoCredentials with the reason, when there is none and none to be had now */
  token(grant: OauthGrant): Promise<string>
  /** A host refused it with 535. True: a fresh one is worth a try at once. */
  refused(login: TokenLogin, token: string): boolean
  /** A host took it. */
  accepted(login: TokenLogin, token: string): void
}
