import type { HostPort, SecretRef } from './settings.ts'

/** How a login is shown on the wire. CRAM-MD5 only where a document names it as legacy. */
export const mechanisms = [
  'PLAIN',
  'LOGIN',
  'SCRAM-SHA-256',
  'SCRAM-SHA-256-PLUS',
  'OAUTHBEARER',
  'XOAUTH2',
  'CRAM-MD5',
] as const
export type Mechanism = (typeof mechanisms)[number]

/** Login on a listener. Without it AUTH is not offered and not known. */
export type LoginSettings = {
  /** Nobody sends a message who has not logged in. */
  readonly required: boolean
  /** In the order in which EHLO names them. */
  readonly mechanisms: readonly Mechanism[]
  /** Networks that may log in on a line without TLS; the `auth` stage of the graph holds everybody to it. */
  readonly clearTextFrom: readonly string[]
}

/** One who may log in. Either of `hash` and `cram` is there. */
export type UserSettings = {
  /** Folded to lower case. */
  readonly login: string
  /** A hash as `mailgw passwd` prints it (see `password-hash.ts`); `null`: this user has only `cram`. */
  readonly hash: string | null
  /** The password of CRAM-MD5, encrypted by the `cramKey` of the back-end; `null`: this user cannot use CRAM-MD5. */
  readonly cram: string | null
  /** Mailboxes with folded local parts, and `*@domain`, that the login may send as, beside itself. */
  readonly addresses: readonly string[]
}

/**
 * What stands behind a login. They are asked in order: who is unknown to one is asked of the next, a refusal ends it.
 * `error`, which is "could not find out", is answered with 454 by `defer`, and passed on to the next back-end by `next`.
 */
export type CredentialSettings = {
  readonly id: string
  /** For one question to it, all of its servers and attempts together. */
  readonly timeoutMs: number
  readonly onError: 'defer' | 'next'
  /** How long an acceptance is remembered; 0: never. */
  readonly cacheMs: number
} & (
  | { readonly kind: 'users'; readonly users: readonly UserSettings[]; readonly cramKey: SecretRef | null }
  | { readonly kind: 'file'; readonly path: string; readonly cramKey: SecretRef | null }
  | LdapSettings
  | RadiusSettings
  | HttpLoginSettings
  | { readonly kind: 'exec'; readonly argv: readonly string[] }
  | OauthSettings
)

export type LdapSettings = {
  readonly kind: 'ldap'
  /** `ldap://host:389` or `ldaps://host:636`, in order of preference. */
  readonly urls: readonly string[]
  /** STARTTLS before anything else is said. Always so for `ldap://` outside of a loopback. */
  readonly startTls: boolean
  /** File of the certificates that vouch for the servers; `null`: those of the system. */
  readonly ca: string | null
  /** `dn`: the DN of a login with `{login}` in it. `search`: looked up by `bind` (`null`: anonymously), then bound as. */
  readonly find:
    | { readonly kind: 'dn'; readonly dn: string }
    | {
        readonly kind: 'search'
        readonly base: string
        /** With `{login}` in it, which is escaped (RFC 4515 §3). */
        readonly filter: string
        readonly scope: 'base' | 'one' | 'sub'
        readonly bind: { readonly dn: string; readonly password: SecretRef } | null
      }
  /** Attribute with the addresses that a login may send as; `null`: itself alone. */
  readonly addresses: string | null
  /** Connections at one moment. */
  readonly connections: number
}

export type RadiusSettings = {
  readonly kind: 'radius'
  /** In order of preference. */
  readonly servers: readonly HostPort[]
  readonly secret: SecretRef
  /** NAS-Identifier (RFC 2865 §5.32); `null`: the gateway's host name. */
  readonly nasIdentifier: string | null
  /** Times that one server is asked before the next one is. */
  readonly attempts: number
}

export type HttpLoginSettings = {
  readonly kind: 'http'
  /** `https:`, or `http:` on a loopback. */
  readonly url: string
  /** A header that shows the endpoint who asks, such as `Authorization`; its value is a secret. */
  readonly header: { readonly name: string; readonly value: SecretRef } | null
  readonly ca: string | null
}

/** Tokens of OAUTHBEARER and XOAUTH2. */
export type OauthSettings = {
  readonly kind: 'oauth'
  /** `introspection`: each token is shown to the server (RFC 7662). `jwks`: signatures are checked here (RFC 7519). */
  readonly check:
    | {
        readonly kind: 'introspection'
        readonly url: string
        readonly client: { readonly id: string; readonly secret: SecretRef } | null
      }
    | {
        readonly kind: 'jwks'
        readonly url: string
        readonly algorithms: readonly string[]
      }
  /** `null`, where introspection alone vouches for it: not looked at. */
  readonly issuer: string | null
  /** The token must be for one of these. Empty, where introspection alone vouches for it: not looked at. */
  readonly audience: readonly string[]
  /** Every one of these must be in `scope`. */
  readonly scopes: readonly string[]
  /** The claim that names the login. */
  readonly claim: string
  /** Claim with the addresses that a login may send as; `null`: itself alone. */
  readonly addressesClaim: string | null
  /** How much the clocks may differ. */
  readonly skewMs: number
  readonly ca: string | null
}
