import type { Domain } from '../mail/domain.ts'
import type { Mailbox } from '../mail/path.ts'
import type {
  AdminSettings,
  EnvelopeLogSettings,
  HostPort,
  Limits,
  ListenerSettings,
  RelaySettings,
  ResolverSettings,
  RetryPolicy,
  SecretRef,
  Timeouts,
  TlsLevel,
} from '../mail/settings.ts'
import type { ClaimEntry } from './document-claims.ts'

/**
 * The document after validation: surface forms, units, defaults, `include`, `byEnv` and tables are gone, all patterns
 * are in A-labels, every name is known to exist. It is what `compile` reads and all that it reads.
 *
 * `at` is the element's path in the document, such as `localMx["*.example.com"]` or `deny[2]`. It is the same whatever
 * the surface, names the element in logs and explanations, and is the key under which its position is found.
 * Lists of rows are in the document's order, but only `deny` and `dnsbl` may depend on it.
 */
export type Document = {
  readonly apiVersion: 'mailgw/1'
  readonly hostname: Domain
  readonly postmaster: Mailbox
  readonly listeners: readonly (At & ListenerSettings)[]
  readonly domains: readonly DomainEntry[]
  readonly clients: readonly ClientEntry[]
  readonly relaying: Relaying
  readonly relays: readonly (At & RelaySettings)[]
  readonly localMx: readonly LocalMxRow[]
  readonly dnsbl: readonly DnsblEntry[]
  readonly deny: readonly DenyRule[]
  readonly aliases: readonly AliasRow[]
  readonly limits: Limits
  readonly timeouts: Timeouts
  readonly retry: RetryPolicy
  readonly resolver: ResolverSettings
  /** Port towards MX hosts: 25, another one only in a lab. */
  readonly mxPort: number
  /** What must hold for every message. */
  readonly prove: readonly ClaimEntry[]
  /** The gateways that `apply` puts this document on, in its order. Not part of any graph. */
  readonly gateways: readonly GatewayEntry[]
  /** `null`: the admin API is reached by its unix socket alone. */
  readonly admin: (At & AdminSettings) | null
  /** `null`: off. */
  readonly envelopeLog: EnvelopeLogSettings | null
}

type At = { readonly at: string }

/** `a.b` exact, `*.a.b` any depth below but not `a.b`, `*` everything. */
export type DomainPattern = string

/** `user@domain` (exact, local part compared without case), or a `DomainPattern`. `<>` is the null reverse-path. */
export type AddressPattern = string

/** An address block `192.0.2.0/24`, canonical, host bits zero; one address is `/32` or `/128`. */
export type Network = string

/** `local`: final delivery here. `relay`: accepted from anyone, sent on by localMx. Both count as local for relaying. */
export type DomainEntry = At & {
  readonly pattern: DomainPattern
  readonly kind: 'local' | 'relay'
  /** Lower-case local parts that exist; `null`: any. Each with its own `at` (a table's row has its own position). */
  readonly recipients: readonly (At & { readonly localPart: string })[] | null
  readonly unknown: Unknown
}

/** What happens to a recipient that is not in the list. `park` accepts and holds it visibly in the queue. */
export type Unknown =
  | { readonly kind: 'reject' }
  | { readonly kind: 'catch-all'; readonly to: Mailbox }
  | { readonly kind: 'park' }

/** A named network. `internal`: may relay by `relaying`. Longest prefix wins over all clients. */
export type ClientEntry = At & {
  readonly name: string
  readonly networks: readonly (At & { readonly network: Network })[]
  readonly internal: boolean
  /** Reverse-paths that it may use; `null`: any. */
  readonly senders: readonly AddressPattern[] | null
  /** Recipients that it may send to; `null`: any that relaying allows. */
  readonly recipients: readonly AddressPattern[] | null
  /** `null`: the listener's. */
  readonly maxSizeBytes: number | null
}

export type Relaying =
  | { readonly kind: 'local-only' | 'outbound' | 'two-way'; readonly at: string }
  | { readonly kind: 'open'; readonly reason: string; readonly until: string; readonly at: string }

export type LocalMxRow = At & { readonly pattern: DomainPattern; readonly target: Target }

export type Target =
  | { readonly kind: 'relay'; readonly relay: string }
  | { readonly kind: 'hosts'; readonly hosts: readonly HostPort[] }
  | { readonly kind: 'mx'; readonly tls: TlsLevel }
  | { readonly kind: 'deliver'; readonly dir: string }
  | { readonly kind: 'reject'; readonly code: number; readonly status: string; readonly text: string }
  | { readonly kind: 'hold'; readonly reason: string }
  | { readonly kind: 'discard' }

export type DnsblEntry = At & {
  readonly id: string
  readonly zone: Domain
  /** Answers that count, as canonical networks inside 127.0.0.0/8; 127.255.255.0/24 never counts. */
  readonly codes: readonly Network[]
  /** Names of listeners; `null`: those of kind `mx`. */
  readonly listeners: readonly string[] | null
  readonly onListed: { readonly code: number; readonly text: string }
  readonly onError: 'ignore' | 'defer'
}

/** All conditions that are not `null` must hold; within one, any of its values. */
export type DenyRule = At & {
  readonly id: string
  readonly when: {
    readonly client: readonly Network[] | null
    readonly sender: readonly AddressPattern[] | null
    readonly recipient: readonly AddressPattern[] | null
    /** The address that a delivery would connect to (eXtremail's IPOUT). Stands alone in its rule. */
    readonly destination: readonly Network[] | null
    readonly sizeOverBytes: number | null
    readonly listeners: readonly string[] | null
  }
  readonly then: { readonly code: number; readonly status: string; readonly text: string }
}

/** The whole chain is resolved by `compile`; a cycle is an error there. */
export type AliasRow = At & { readonly alias: Mailbox; readonly to: readonly Mailbox[] }

/** One gateway of the fleet, as the machine that applies reaches it. Paths are as written, relative to the document. */
export type GatewayEntry = At & {
  readonly name: string
  readonly groups: readonly string[]
  /** Environment (`--env`) whose document it serves; `null`: the document of every environment. */
  readonly env: string | null
  /** Names and addresses under which the others reach its listeners, beside those that its graph names. */
  readonly addresses: readonly string[]
  readonly reach: GatewayReach
}

/** `path` is a state folder, or its admin socket when it ends in `.sock`. */
export type GatewayReach =
  | { readonly kind: 'unix'; readonly path: string }
  | {
      readonly kind: 'ssh'
      readonly user: string | null
      readonly host: string
      readonly port: number | null
      readonly path: string
    }
  | {
      readonly kind: 'tls'
      readonly host: string
      readonly port: number
      /** File of the certificates that vouch for it; `null`: those of the system. */
      readonly ca: string | null
      readonly certificate: { readonly cert: string; readonly key: string } | null
      readonly token: SecretRef | null
    }
