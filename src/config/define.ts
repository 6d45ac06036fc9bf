import type { Claim } from './define-claims.ts'

/**
 * The document as a person writes it, as types. They carry the names: a relay or listener that is used but not declared,
 * an unknown key or a secret in clear text does not compile. `schema.ts` says the same at run time; a test compares.
 *
 * This file and `builders.ts` are loaded inside the restricted child process: types and plain functions only.
 */

/** A time with its unit: `'30s'`, `'5m'`, `'1h30m'`, `'5d'`. */
export type Duration = string
/** A size with its unit: `'20MiB'`, `'20MB'`, `'500KB'`. */
export type Size = string
/** One value or several. */
export type Many<T> = T | readonly T[]
/** `{ $table: 'file.tsv' }`, made by `table()`. */
export type TableRef = { readonly $table: string }
/** A list in the document, in a table file, or a mixture. */
export type List = Many<string | TableRef>

/** Names a secret; the gateway resolves it. A password in clear text has no type. */
export type Secret = { readonly $secret: `env:${string}` | `file:${string}` | `exec:${string}` }

export type TlsLevel = 'off' | 'may' | 'encrypt' | 'verify'

export type Listener = {
  readonly kind: 'mx' | 'submission' | 'internal'
  readonly bind: Many<string>
  readonly maxSize?: Size
  readonly hostname?: string
}

export type Unknown = 'reject' | 'park' | { readonly catchAll: string }

export type Domain =
  | 'local'
  | 'relay'
  | {
      readonly kind?: 'local' | 'relay'
      readonly recipients?: 'any' | readonly (string | TableRef)[] | TableRef
      readonly unknown?: Unknown
    }

export type Client = {
  readonly networks: List
  readonly internal?: boolean
  readonly senders?: List
  readonly recipients?: List
  readonly maxSize?: Size
}

export type Relaying =
  | 'local-only'
  | 'outbound'
  | 'two-way'
  | { readonly unsafeOpenRelay: { readonly reason: string; readonly until: string } }

export type Relay = {
  readonly hosts: Many<string>
  readonly tls?: TlsLevel
  readonly auth?: { readonly user: string; readonly pass: Secret }
  readonly connections?: number
}

export type Reject = { readonly reject: { readonly code: number; readonly text: string } }

/** Where mail for a pattern goes. A text is read as in a table: `'bart:26'`, `'relay:isp'`, `'mx'`, `'hold'`. */
export type Target<Relays extends string = string> =
  | { readonly relay: Relays }
  | { readonly host: string }
  | { readonly hosts: readonly string[] }
  | { readonly mx: true | { readonly tls?: TlsLevel } }
  | { readonly deliver: true | { readonly dir: string } }
  | Reject
  | { readonly hold: string | true }
  | { readonly discard: true }
  | string
  | readonly string[]

/** Rows in the document or in a table file. No union: a compiler reports a mistake in one at the row, in a union above all. */
export type Rows<Row> = { readonly [key: string]: Row }

export type Dnsbl<Listeners extends string = string> = {
  readonly id: string
  readonly zone: string
  readonly codes?: Many<string>
  readonly listeners?: Many<Listeners>
  readonly onListed?: Reject
  readonly onError: 'ignore' | 'defer'
}

export type Deny<Listeners extends string = string> = {
  readonly id?: string
  readonly when: {
    readonly client?: List
    readonly sender?: List
    readonly recipient?: List
    readonly destination?: List
    readonly size?: { readonly over: Size }
    readonly listener?: Many<Listeners>
  }
  readonly then?: Reject
}

export type Limits = {
  readonly sessions?: number
  readonly sessionsPerClient?: number
  readonly maxSize?: Size
  readonly maxRecipients?: number
  readonly maxErrors?: number
  readonly maxHops?: number
  readonly connectionsPerNextHop?: number
  readonly connectionsOut?: number
}

export type Timeouts = {
  readonly command?: Duration
  readonly data?: Duration
  readonly session?: Duration
  readonly connect?: Duration
  readonly greeting?: Duration
  readonly reply?: Duration
  readonly dataBlock?: Duration
  readonly dataDone?: Duration
  readonly idle?: Duration
}

export type Retry = { readonly schedule?: Many<Duration>; readonly expireAfter?: Duration }

/** What is kept of each decision, for replays and explanations. */
export type EnvelopeLog =
  | 'off'
  | { readonly keep?: Duration; readonly maxSize?: Size; readonly localParts?: 'plain' | 'hashed' }

export type Resolver = { readonly servers?: Many<string>; readonly timeout?: Duration; readonly attempts?: number }

export type AdminScope = 'read' | 'prepare' | 'activate' | 'overlay'

/** The admin API away from its unix socket. Needs `tls` unless it is on a loopback, and tokens or certificates always. */
export type Admin = {
  readonly bind: Many<string>
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string }
  readonly tokens?: { readonly [name: string]: { readonly sha256: string; readonly scopes: readonly AdminScope[] } }
  readonly certificates?: { readonly [subject: string]: { readonly scopes: readonly AdminScope[] } }
}

/** How `apply` reaches a gateway: one of `unix`, `ssh` (with `socket`) and `tls` (with `token`, or `cert` and `key`). */
export type Gateway = {
  readonly unix?: string
  readonly ssh?: string
  readonly socket?: string
  readonly tls?: string
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly token?: Secret
  readonly groups?: Many<string>
  readonly env?: string
  readonly addresses?: Many<string>
}

export type Config<Listeners extends string = string, Relays extends string = string> = {
  readonly $schema?: string
  readonly apiVersion?: 'mailgw/1'
  readonly include?: Many<string>
  readonly hostname: string
  readonly postmaster: string
  readonly listeners: { readonly [name in Listeners]: Listener }
  readonly domains?: { readonly [pattern: string]: Domain }
  readonly trusted?: List
  readonly clients?: { readonly [name: string]: Client }
  readonly relaying?: Relaying
  readonly relays?: { readonly [name in Relays]: Relay }
  readonly localMx?: Rows<Target<NoInfer<Relays>>>
  readonly dnsbl?: readonly Dnsbl<NoInfer<Listeners>>[]
  readonly deny?: readonly Deny<NoInfer<Listeners>>[]
  readonly aliases?: Rows<Many<string>>
  readonly limits?: Limits
  readonly timeouts?: Timeouts
  readonly retry?: Retry
  readonly resolver?: Resolver
  readonly mxPort?: number
  readonly prove?: readonly Claim<NoInfer<Listeners>, NoInfer<Relays>>[]
  readonly gateways?: { readonly [name: string]: Gateway }
  readonly admin?: Admin
  readonly envelopeLog?: EnvelopeLog
}

/**
 * The whole configuration, in the object form: with a callback the compiler would report every mistake at the callback.
 * Gives the document back unchanged; what it adds is the types.
 */
export function defineConfig<const Listeners extends string, const Relays extends string = never>(
  config: Config<Listeners, Relays>,
): Config<Listeners, Relays> {
  return config
}
