import type { ArchiveSettings } from '../mail/archive-settings.ts'
import type { Domain } from '../mail/domain.ts'
import type { HintRights } from '../mail/hints.ts'
import type { DestinationSettings, EgressPool } from '../mail/next-hop-settings.ts'
import type { NotificationSettings } from '../mail/notification-settings.ts'
import type { Mailbox } from '../mail/path.ts'
import type {
  AdminSettings,
  BanSettings,
  CertificateSettings,
  CredentialSettings,
  EnvelopeLogSettings,
  HostPort,
  Limits,
  ListenerSettings,
  RelaySettings,
  ResolverSettings,
  RetryPolicy,
  RetrySchedule,
  SecretRef,
  Timeouts,
  TlsLevel,
} from '../mail/settings.ts'
import type { TlsPolicySettings, TlsReportSettings } from '../mail/tls-policy-settings.ts'
import type { ClaimEntry } from './document-claims.ts'
import type { JournalEntry, RewriteEntry, SrsEntry } from './document-copies.ts'
import type { RecipientCheckEntry } from './document-recipients.ts'

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
  /** `allowFrom`: networks that may connect; absent: all. */
  readonly listeners: readonly (At & ListenerSettings & { readonly allowFrom?: readonly Network[] })[]
  readonly certificates: readonly (At & CertificateSettings)[]
  /** In the order in which they are asked. */
  readonly credentials: readonly (At & CredentialSettings)[]
  /** `null`: nobody is banned for what they do. */
  readonly bans: BanSettings | null
  readonly domains: readonly DomainEntry[]
  readonly clients: readonly ClientEntry[]
  readonly relaying: Relaying
  readonly relays: readonly (At & RelaySettings)[]
  /** Absent: none. */
  readonly destinations?: readonly (At & DestinationSettings)[]
  readonly egress?: readonly (At & EgressPool)[]
  readonly localMx: readonly LocalMxRow[]
  readonly dnsbl: readonly DnsblEntry[]
  /** Sum of weights at which a client is refused; absent: no list has a weight. */
  readonly dnsblThreshold?: number
  /** Each refusal for good is one for now. */
  readonly softBounce?: true
  /** In the order in which they are asked; absent: none. */
  readonly checks?: readonly CheckEntry[]
  /** Absent: recipients are known by lists alone. */
  readonly recipientChecks?: readonly RecipientCheckEntry[]
  /** Sizes that next hops announce are held against what clients announce. */
  readonly learnSizes?: 'on'
  readonly deny: readonly DenyRule[]
  readonly aliases: readonly AliasRow[]
  readonly limits: Limits
  readonly timeouts: Timeouts
  readonly retry: RetryPolicy
  /** Absent: `retry` holds for every route. */
  readonly schedules?: readonly RetrySchedule[]
  /** Absent: all as usual. */
  readonly notifications?: NotificationSettings
  readonly resolver: ResolverSettings
  /** Port towards MX hosts: 25, another one only in a lab. */
  readonly mxPort: number
  /** Absent: all as usual. */
  readonly tlsPolicy?: TlsPolicySettings
  /** Absent: nobody sends any. */
  readonly tlsReports?: TlsReportSettings
  /** What must hold for every message. */
  readonly prove: readonly ClaimEntry[]
  /** The gateways that `apply` puts this document on, in its order. Not part of any graph. */
  readonly gateways: readonly GatewayEntry[]
  /** `null`: the admin API is reached by its unix socket alone. */
  readonly admin: (At & AdminSettings) | null
  /** `null`: off. */
  readonly envelopeLog: EnvelopeLogSettings | null
  readonly rewrite?: RewriteEntry
  readonly srs?: SrsEntry
  readonly journal?: readonly JournalEntry[]
  readonly archive?: ArchiveSettings
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
  /** Id of the check that is asked about recipients whom the list does not have. */
  readonly verify?: string
}

/** What happens to a recipient that is not in the list. `park` accepts and holds it visibly in the queue. */
export type Unknown =
  | { readonly kind: 'reject' }
  | { readonly kind: 'catch-all'; readonly to: Mailbox }
  | { readonly kind: 'park' }

/**
 * A named client: networks, logins or certificates, exactly one kind of them. Of networks the longest prefix wins over
 * all clients, of logins the most specific pattern; a login goes before a certificate, a certificate before a network.
 */
export type ClientEntry = At & {
  readonly name: string
  /** Empty where it is known by something else. */
  readonly networks: readonly (At & { readonly network: Network })[]
  readonly logins?: readonly (At & { readonly login: LoginPattern })[]
  readonly certificates?: readonly (At & { readonly certificate: CertificatePattern })[]
  /** It may relay by `relaying`. */
  readonly internal: boolean
  /** Reverse-paths that it may use; `null`: any. `own`: the addresses of the login. */
  readonly senders: readonly AddressPattern[] | 'own' | null
  /** Recipients that it may send to; `null`: any that relaying allows. */
  readonly recipients: readonly AddressPattern[] | null
  /** `null`: the listener's. */
  readonly maxSizeBytes: number | null
  /** Only over an encrypted line. */
  readonly tls?: 'required'
  readonly rates?: readonly RateEntry[]
  /** The mark that its messages get. */
  readonly class?: string
  /** What it may not is only written down. */
  readonly mode?: 'observe'
  readonly rewrite?: RewriteEntry | 'off'
  /** What fields of its header may steer. */
  readonly hints?: At & { readonly rights: HintRights }
}

/** Folded: a login itself, `*@domain` (what stands behind its last `@`), `*` (whoever logged in). */
export type LoginPattern = string

/** `sha256:` and 64 hexadecimal digits, or `*` (whoever has a verified certificate). */
export type CertificatePattern = string

/** At most `most` within any `perMs`. `each`: for every address, login or certificate of the client on its own. */
export type RateEntry = At & {
  readonly of: 'messages' | 'recipients' | 'bytes'
  readonly most: number
  readonly perMs: number
  readonly by: 'each' | 'all'
}

export type Relaying =
  | { readonly kind: 'local-only' | 'outbound' | 'two-way'; readonly at: string }
  | { readonly kind: 'open'; readonly reason: string; readonly until: string; readonly at: string }

export type LocalMxRow = At & { readonly pattern: DomainPattern; readonly target: Target }

export type Target = PlainTarget | BySender

/** By whom the message is from: the most specific row, with one for `*` among them. */
export type BySender = { readonly kind: 'by-sender'; readonly rows: readonly SenderRow[] }
export type SenderRow = At & { readonly pattern: AddressPattern; readonly target: PlainTarget }

export type PlainTarget =
  | { readonly kind: 'relay'; readonly relay: string }
  | { readonly kind: 'hosts'; readonly hosts: readonly HostPort[] }
  | { readonly kind: 'mx'; readonly tls: TlsLevel }
  | { readonly kind: 'deliver'; readonly dir: string }
  | { readonly kind: 'reject'; readonly code: number; readonly status: string; readonly text: string }
  | { readonly kind: 'hold'; readonly reason: string }
  | { readonly kind: 'discard' }

export type DnsblEntry = At & {
  readonly id: string
  /** `allow`: who is on it is not asked about further. Absent: who is on it is refused. */
  readonly kind?: 'allow'
  readonly zone: Domain
  /** Answers that count, as canonical networks inside 127.0.0.0/8; 127.255.255.0/24 never counts. */
  readonly codes: readonly Network[]
  /** Names of listeners; `null`: those of kind `mx`. */
  readonly listeners: readonly string[] | null
  /** Of an allow list it is never read. */
  readonly onListed: Consequence
  readonly onError: 'ignore' | 'defer'
  /** It decides together with others, by `dnsblThreshold`; an allow list's is taken off the sum. Absent: it decides alone. */
  readonly weight?: number
  readonly mode?: 'observe'
}

/** What a rule does to mail: a reply (`status` absent: x.7.1), or a mark that goes on with the message. */
export type Consequence =
  | { readonly code: number; readonly status?: string; readonly text: string }
  | { readonly tag: string }

/** A question about who sends, asked of the DNS. */
export type CheckEntry = At & {
  readonly id: 'reverse' | 'helo' | 'sender-domain'
  /** Names of listeners; `null`: those of kind `mx`. */
  readonly listeners: readonly string[] | null
  readonly then: Consequence
  readonly onError: 'ignore' | 'defer'
  readonly mode?: 'observe'
}

/** All conditions that are not `null` or absent must hold; within one, any of its values. */
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
    readonly helo?: readonly DomainPattern[]
    readonly logins?: readonly LoginPattern[]
    /** `none`: the line is not encrypted. */
    readonly tls?: 'none'
    /** A file on the gateway with networks, read again whenever it changes. */
    readonly watched?: string
  }
  readonly then: { readonly code: number; readonly status: string; readonly text: string }
  readonly mode?: 'observe'
  /** Where `watched` cannot be read: the rule does not hold, or the client is put off. Absent without `watched`. */
  readonly onError?: 'ignore' | 'defer'
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
