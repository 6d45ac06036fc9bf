import type { SecretRef } from './settings.ts'

/** How the gateway logs in to a smart host: with a password, or with a token that an identity provider gives it. */
export type RelayLogin = PasswordLogin | TokenLogin

export type PasswordLogin = {
  readonly user: string
  readonly pass: SecretRef
  /** Those that may be used, the best that is offered first. Absent: `usualMechanisms`. */
  readonly mechanisms?: readonly PasswordMechanism[]
}

export type TokenLogin = {
  /** The mailbox that the token is shown for. */
  readonly user: string
  readonly oauth: OauthGrant
}

/** Strongest first: that is the order in which they are tried. */
export const passwordMechanisms = ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN', 'LOGIN'] as const
export type PasswordMechanism = (typeof passwordMechanisms)[number]

/** SCRAM-SHA-1 only for who asks for it: a host that knows nothing better also takes PLAIN, and within TLS. */
export const usualMechanisms: readonly PasswordMechanism[] = passwordMechanisms.filter((one) => one !== 'SCRAM-SHA-1')

/** XOAUTH2 goes first where both are offered: it is what Microsoft and Google document. */
export const tokenMechanisms = ['XOAUTH2', 'OAUTHBEARER'] as const
export type TokenMechanism = (typeof tokenMechanisms)[number]

/**
 * How an access token is had (RFC 6749). All that is secret is a reference.
 *
 * client-credentials  the gateway is an application of its own (§4.4): Microsoft 365
 * refresh-token       somebody signed in once and left a token that buys others (§6); a new one that comes back is kept
 * service-account     a signed assertion in place of a login (RFC 7523 §2.1): Google Workspace
 */
export type OauthGrant = {
  readonly tokenUrl: string
  /** Asked for, in this order; empty: what the provider gives by itself. */
  readonly scopes: readonly string[]
  /** File of the authorities that vouch for the endpoint, on the gateway; absent: those of the runtime. */
  readonly ca?: string
} & (
  | { readonly kind: 'client-credentials'; readonly client: OauthClient }
  | { readonly kind: 'refresh-token'; readonly client: OauthClient; readonly refreshToken: SecretRef }
  | ServiceAccount
)

/** How the gateway shows that it is the client `id`. */
export type OauthClient = { readonly id: string } & (
  | { readonly secret: SecretRef }
  /** PEM: the private key, and the certificate where the provider wants its thumbprint (RFC 7523 §2.2). */
  | { readonly key: SecretRef; readonly keyId?: string }
  /** Anybody may be it; only with a refresh token. */
  | { readonly public: true }
)

export type ServiceAccount = {
  readonly kind: 'service-account'
  /** The JSON file that Google gives for a key of the account. */
  readonly account: SecretRef
  /** As whom it acts; absent: as itself. */
  readonly subject?: string
}

/** Secrets of one line. */
export function secretsOfLogin(login: RelayLogin): readonly SecretRef[] {
  if (!('oauth' in login)) return [login.pass]
  const { oauth } = login
  if (oauth.kind === 'service-account') return []
  const own = 'secret' in oauth.client ? [oauth.client.secret] : []
  return oauth.kind === 'refresh-token' ? [...own, oauth.refreshToken] : own
}

/** A key: all lines of it count, not the first one alone. */
export function keyOfLogin(login: RelayLogin): SecretRef | null {
  if (!('oauth' in login)) return null
  const { oauth } = login
  if (oauth.kind === 'service-account') return oauth.account
  return 'key' in oauth.client ? oauth.client.key : null
}

/** Under what a key stands among resolved secrets, beside the first line of the same file. */
export const wholeName = ({ $secret }: SecretRef): string => `${wholePrefix}${$secret}`
export const wholePrefix = 'all of '
