import type { Many, Secret } from './define.ts'

/** How the gateway logs in to a relay: by `pass`, or by `oauth`. */
export type RelayAuth = {
  readonly user: string
  readonly pass?: Secret
  /** Beside `pass`: those that may be used, in this order. */
  readonly mechanisms?: Many<PasswordMechanism>
  readonly oauth?: RelayOauth
}

export type PasswordMechanism = 'SCRAM-SHA-256-PLUS' | 'SCRAM-SHA-256' | 'SCRAM-SHA-1' | 'PLAIN' | 'LOGIN'

/**
 * How an access token is had. `client` alone: the gateway is an application of its own. With `refreshToken`: in the name of
 * who signed in once. `serviceAccount`: Google's.
 */
export type RelayOauth = {
  readonly tokenUrl: string
  readonly scopes?: Many<string>
  readonly ca?: string
  /** Beside `id`: `secret` or `key`; neither only with `refreshToken`, where the provider lets anybody be the client. */
  readonly client?: {
    readonly id: string
    readonly secret?: Secret
    readonly key?: Secret
    readonly keyId?: string
  }
  readonly refreshToken?: Secret
  readonly serviceAccount?: { readonly account: Secret; readonly subject?: string }
}
