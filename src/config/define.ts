import type { Claim } from './define-claims.ts'
import type { Archive, Journal, Rewrite, Srs } from './define-copies.ts'
import type { EgressPool, NextHop } from './define-egress.ts'
import type { ClientHints } from './define-hints.ts'
import type { Bans, Certificate, Credential, Line } from './define-line.ts'
import type { Notifications, Retry } from './define-notices.ts'
import type { RecipientCheck } from './define-recipients.ts'
import type { RelayAuth } from './define-relay.ts'
import type { TlsPolicy, TlsReports } from './define-tls-policy.ts'

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

export type Listener<Certificates extends string = string> = Line<Certificates> & {
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
      /** A check of `recipientChecks`. */
      readonly verify?: string
    }

/** Exactly one of `networks`, `logins` and `certificates`. */
export type Client = {
  readonly networks?: List
  readonly logins?: List
  readonly certificates?: List
  readonly internal?: boolean
  /** `'own'`: the addresses of the login. */
  readonly senders?: List
  readonly recipients?: List
  readonly maxSize?: Size
  readonly tls?: 'required'
  readonly rates?: {
    readonly messages?: Many<string>
    readonly recipients?: Many<string>
    readonly bytes?: Many<string>
    readonly by?: 'each' | 'all'
  }
  /** A mark that its messages get. */
  readonly class?: string
  /** What fields of its header may steer. */
  readonly hints?: ClientHints
  readonly mode?: 'observe'
  /** In place of the document's `rewrite`. */
  readonly rewrite?: Rewrite | 'off'
}

export type Relaying =
  | 'local-only'
  | 'outbound'
  | 'two-way'
  | { readonly unsafeOpenRelay: { readonly reason: string; readonly until: string } }

export type Relay = {
  readonly hosts: Many<string>
  readonly tls?: TlsLevel
  readonly implicitTls?: boolean
  readonly auth?: RelayAuth
  readonly connections?: number
} & NextHop

export type Reject = { readonly reject: { readonly code: number; readonly text: string } }

/** Where mail for a pattern goes. A text is read as in a table: `'bart:26'`, `'relay:isp'`, `'mx'`, `'hold'`. */
export type Target<Relays extends string = string> = PlainTarget<Relays> | BySender<Relays>

/** By whom the message is from; made by `bySender()`. */
export type BySender<Relays extends string = string> = {
  readonly bySender: { readonly [sender: string]: SenderTarget<Relays> }
}

export type PlainTarget<Relays extends string = string> =
  | SenderTarget<Relays>
  | { readonly deliver: true | { readonly dir: string } }

/** A mailbox is the same whoever writes to it. */
export type SenderTarget<Relays extends string = string> =
  | { readonly relay: Relays }
  | { readonly host: string }
  | { readonly hosts: readonly string[] }
  | { readonly mx: true | { readonly tls?: TlsLevel } }
  | Reject
  | { readonly hold: string | true }
  | { readonly discard: true }
  | string
  | readonly string[]

/** Rows in the document or in a table file. No union: a compiler reports a mistake in one at the row, in a union above all. */
export type Rows<Row> = { readonly [key: string]: Row }

/** A mark that goes on with the message; made by `tag()`. */
export type Tag = { readonly tag: string }

/** What a rule that asks the DNS does. */
export type Then = Reject | 'defer' | Tag

export type Dnsbl<Listeners extends string = string> = {
  readonly id: string
  readonly kind?: 'deny' | 'allow'
  readonly zone: string
  readonly codes?: Many<string>
  readonly listeners?: Many<Listeners>
  readonly weight?: number
  readonly onListed?: Then
  readonly onError: 'ignore' | 'defer'
  readonly mode?: 'observe'
}

export type Check<Listeners extends string = string> = {
  readonly then?: Then
  readonly onError: 'ignore' | 'defer'
  readonly listeners?: Many<Listeners>
  readonly mode?: 'observe'
}

export type Checks<Listeners extends string = string> = {
  readonly reverse?: Check<Listeners>
  readonly helo?: Check<Listeners>
  readonly senderDomain?: Check<Listeners>
}

/** A file on the gateway that it reads again whenever it changes; made by `watched()`. */
export type Watched = { readonly $watched: string }

export type Deny<Listeners extends string = string> = {
  readonly id?: string
  readonly when: {
    readonly client?: List | Watched
    readonly helo?: List
    readonly login?: List
    readonly tls?: 'none'
    readonly sender?: List
    readonly recipient?: List
    readonly destination?: List
    readonly size?: { readonly over: Size }
    readonly listener?: Many<Listeners>
  }
  readonly then?: Reject
  readonly mode?: 'observe'
  /** Needed with `watched()`, and only there. */
  readonly onError?: 'ignore' | 'defer'
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
  readonly connections?: number
  readonly commandsPerMinute?: number
  readonly minBytesPerSecond?: number
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

/** What is kept of each decision, for replays and explanations. */
export type EnvelopeLog =
  | 'off'
  | { readonly keep?: Duration; readonly maxSize?: Size; readonly localParts?: 'plain' | 'hashed' }

export type Resolver = {
  readonly servers?: Many<string>
  readonly timeout?: Duration
  readonly attempts?: number
  readonly serveStale?: Duration
  readonly trustAd?: boolean
}

export type AdminScope = 'read' | 'prepare' | 'activate' | 'overlay' | 'queue'

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

export type Config<
  Listeners extends string = string,
  Relays extends string = string,
  Certificates extends string = string,
> = {
  readonly $schema?: string
  readonly apiVersion?: 'mailgw/1'
  readonly include?: Many<string>
  readonly hostname: string
  readonly postmaster: string
  readonly listeners: { readonly [name in Listeners]: Listener<NoInfer<Certificates>> }
  readonly certificates?: { readonly [name in Certificates]: Certificate }
  readonly credentials?: readonly Credential[]
  readonly bans?: Bans
  readonly domains?: { readonly [pattern: string]: Domain }
  readonly trusted?: List
  readonly clients?: { readonly [name: string]: Client }
  readonly relaying?: Relaying
  readonly relays?: { readonly [name in Relays]: Relay }
  readonly localMx?: Rows<Target<NoInfer<Relays>>>
  readonly dnsbl?: readonly Dnsbl<NoInfer<Listeners>>[]
  readonly dnsblThreshold?: number
  readonly checks?: Checks<NoInfer<Listeners>>
  readonly recipientChecks?: { readonly [name: string]: RecipientCheck }
  readonly learnSizes?: 'on' | 'off'
  readonly softBounce?: boolean
  readonly deny?: readonly Deny<NoInfer<Listeners>>[]
  readonly aliases?: Rows<Many<string>>
  readonly destinations?: { readonly [pattern: string]: NextHop }
  readonly egress?: { readonly [name: string]: EgressPool }
  readonly limits?: Limits
  readonly timeouts?: Timeouts
  readonly retry?: Retry
  readonly notifications?: Notifications
  readonly resolver?: Resolver
  readonly tlsPolicy?: TlsPolicy
  readonly tlsReports?: TlsReports
  readonly mxPort?: number
  readonly prove?: readonly Claim<NoInfer<Listeners>, NoInfer<Relays>>[]
  readonly gateways?: { readonly [name: string]: Gateway }
  readonly admin?: Admin
  readonly envelopeLog?: EnvelopeLog
  readonly rewrite?: Rewrite
  readonly srs?: Srs
  readonly journal?: readonly Journal[]
  readonly archive?: Archive
}

/**
 * The whole configuration, in the object form: with a callback the compiler would report every mistake at the callback.
 * Gives the document back unchanged; what it adds is the types.
 */
export function defineConfig<
  const Listeners extends string,
  const Relays extends string = never,
  const Certificates extends string = never,
>(config: Config<Listeners, Relays, Certificates>): Config<Listeners, Relays, Certificates> {
  return config
}
