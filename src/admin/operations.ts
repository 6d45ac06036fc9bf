import type { StsView } from '../dns/mta-sts/mta-sts.ts'
import type { ServerStats } from '../dns/server.ts'
import type { Overlay } from '../graph/overlay.ts'
import type { BackendHealth } from '../mail/backend-health.ts'
import type { CertificateView } from '../mail/certificate-view.ts'
import type { ConnectionsFilter, ConnectionsView } from '../mail/connection-view.ts'
import type { Origin } from '../mail/envelope.ts'
import type { EnvelopeRecord } from '../mail/envelope-record.ts'
import type { RecipientCheckView, RecipientOperations } from '../mail/recipient-view.ts'
import type { Result } from '../mail/result.ts'
import type { TokenHealth } from '../mail/token-health.ts'
import type { QueueRow } from '../queue/listing.ts'
import type { Identity } from './access.ts'
import type { ArchiveOperations } from './archive-operations.ts'
import type { DestinationOperations } from './destination-operations.ts'
import type { DnsOperations } from './dns-operations.ts'
import type { Measured } from './metrics.ts'
import type { OverlayRequest } from './overlay-store.ts'
import type {
  Aborted,
  AbortRequest,
  Activated,
  ActivateRequest,
  Confirmed,
  ConfirmRequest,
  JournalAnswer,
  Prepared,
  PrepareRequest,
  RollbackRequest,
  RolledBack,
  StatusAnswer,
  TrialAnswer,
  Uploaded,
} from './protocol.ts'
import type { QueueOperations } from './queue-operations.ts'
import type { SecretOperations } from './secret-operations.ts'

export type { QueueRow }

/** What a gateway lets an operator do; the admin API is a thin skin over it. All results are plain JSON data. */
export type Operations = {
  status(): Status
  measured(): Measured
  /** The active bundle's file. */
  activeBundle(): string
  /** Takes over the file: it is kept under its hash or removed. */
  apply(file: string, request: ApplyRequest, identity: Identity): Promise<ApplyResult>
  readonly queue: QueueOperations
  readonly dns: DnsOperations
  readonly destinations: DestinationOperations
  readonly archive: ArchiveOperations
  readonly secrets: SecretOperations
  /** Answers at once; the gateway ends after it. */
  stop(now: boolean): void

  statusNow(): StatusAnswer
  /** File of the bundle with that hash, `null` for the active one; gives `null` when it is not kept. */
  bundleFile(hash: string | null): Promise<string | null>
  /** Takes over the file. */
  upload(file: string, hash: string): Promise<Answer<Uploaded>>
  prepare(request: PrepareRequest, identity: Identity): Promise<Answer<Prepared>>
  activate(request: ActivateRequest, identity: Identity): Promise<Answer<Activated>>
  abort(request: AbortRequest, identity: Identity): Promise<Answer<Aborted>>
  confirm(request: ConfirmRequest, identity: Identity): Promise<Answer<Confirmed>>
  rollback(request: RollbackRequest, identity: Identity): Promise<Answer<RolledBack>>
  trial(): TrialAnswer
  journal(after: number, limit: number): Promise<JournalAnswer>

  /** Oldest first. */
  overlays(): readonly OverlayView[]
  addOverlay(request: OverlayRequest, identity: Identity): Promise<Result<Overlay>>
  removeOverlay(id: string, identity: Identity): Promise<Overlay | null>

  /** Those that the gateway made by itself; oldest first. */
  bans(): readonly BanView[]
  lockOuts(): readonly LockOutView[]
  /** By id, address or block; `null`: there is none. */
  liftBan(name: string, identity: Identity): Promise<BanView | null>
  /** Gives the locks that it ended. */
  unlock(account: string, identity: Identity): Promise<readonly LockOutView[]>

  connections(filter: ConnectionsFilter): ConnectionsView

  /** Checks of recipients, and what they remember. */
  readonly recipients: RecipientOperations

  /** Lines of the envelope log, from `since` to before `until`, epoch ms; oldest first. */
  envelopes(since: number, until: number): Promise<AsyncIterable<string>>
  /** `null`: not in the queue, and not in what is kept of the envelope log. */
  message(id: string): Promise<KnownMessage | null>
}

/** What is known of a message: in the queue, in the envelope log, or both. */
export type KnownMessage = {
  readonly id: string
  /** `null`: it is not (any more) in the queue. */
  readonly queued: {
    readonly queuedAt: number
    readonly sizeBytes: number
    readonly origin: Origin
    /** `''` for the null reverse-path. */
    readonly sender: string
    readonly recipients: readonly (QueueRow & { readonly original: string })[]
  } | null
  /** The decisions of its RCPT commands, as they were logged. */
  readonly decisions: readonly EnvelopeRecord[]
}

/** A client that is refused for a time for what it did. */
export type BanView = {
  readonly id: string
  /** An IPv4 address, or a /64. */
  readonly client: string
  readonly reason: string
  readonly since: number
  readonly until: number
  /** Bans of this client so far. */
  readonly times: number
}

/** An account that takes no login: from one client, or (`null`) from all that have not logged in to it lately. */
export type LockOutView = {
  readonly account: string
  readonly client: string | null
  readonly since: number
  readonly until: number
}

/** `held`: recipients in the queue that a hold keeps back now; `null` of the other kinds. */
export type OverlayView = Overlay & { readonly held: number | null }

/** What came of a call that changes something. */
export type Answer<Body> =
  | { readonly kind: 'done'; readonly body: Body }
  | { readonly kind: 'base-moved'; readonly error: string; readonly active: string; readonly expected: string }
  /** May say more, by the call. */
  | { readonly kind: 'refused'; readonly error: string }

export type ApplyRequest = {
  /** Graph that must be active; `null`: any. */
  readonly base: string | null
  readonly dryRun: boolean
  /** For the journal: who applies, and the git commit that the document is of. */
  readonly actor: string
  readonly commit: string | null
}

export type ApplyResult =
  | {
      readonly kind: 'active' | 'prepared' | 'unchanged'
      readonly hash: string
      readonly previous: string
      readonly listeners: {
        readonly kept: readonly string[]
        readonly opened: readonly string[]
        readonly closed: readonly string[]
      }
      /** Longest time that the event loop stood still between upload and answer. */
      readonly eventLoopGapMs: number
      readonly tookMs: number
    }
  | { readonly kind: 'base-moved'; readonly active: string; readonly expected: string }
  | { readonly kind: 'refused'; readonly error: string; readonly active: string }

export type Status = {
  readonly version: string
  readonly pid: number
  readonly startedAt: number
  readonly graph: string
  readonly hostname: string
  readonly draining: boolean
  readonly listeners: readonly {
    readonly name: string
    readonly kind: string
    readonly addresses: readonly string[]
    readonly sessions: number
  }[]
  /** What listeners show to their clients. */
  readonly certificates: readonly CertificateView[]
  readonly sessions: number
  readonly queue: Readonly<Record<string, number>>
  readonly nextHops: readonly unknown[]
  readonly overlays: readonly OverlayView[]
  /** Clients that are banned and accounts that are locked now, for what was done. */
  readonly banned: { readonly clients: number; readonly accounts: number }
  /** Refusals for good are refusals for now: the document says `softBounce`. */
  readonly softBounce: boolean
  /** DNS lists that were asked lately, with the health of each by its test entries. */
  readonly lists: readonly { readonly zone: string; readonly state: string; readonly why: string }[]
  /** Name servers in the order in which they are asked. A gateway before this key does not say. */
  readonly nameServers?: readonly ServerStats[]
  /** Files that rules watch; `networks` is `null` where the file cannot be read, and `error` says why. */
  readonly watched: readonly {
    readonly path: string
    readonly networks: number | null
    readonly error: string | null
  }[]
  /** Back-ends that know logins, in the order in which they are asked. */
  readonly credentials: readonly BackendHealth[]
  /** Checks of recipients. */
  readonly recipientChecks: readonly RecipientCheckView[]
  /** Access tokens that relays log in with. */
  readonly tokens: readonly TokenHealth[]
  /** MTA-STS policies of other domains that are known and hold. */
  readonly tlsPolicies: readonly StsView[]
  /** Sessions with hosts whose owners may have published a policy, by what they have published, since the start. */
  readonly tlsSessions: Readonly<Record<string, { readonly ok: number; readonly failed: number }>>
  /** Reports on TLS since the start. */
  readonly tlsReports: { readonly sent: number; readonly failed: number }
  /** By name, of those that the document has; absent: none. */
  readonly archives?: Readonly<
    Record<string, { readonly messages: number; readonly bytes: number; readonly kept: number; readonly lost: number }>
  >
  /** Connections to next hops. */
  readonly connectionsOut: number
  /** Source addresses that could not be bound lately: others of their pools serve, or mail waits. */
  readonly unusableSources: readonly { readonly address: string; readonly why: string }[]
  readonly memory: { readonly rssBytes: number; readonly heapUsedBytes: number }
  /** Longest gap of the event loop since the start. */
  readonly eventLoopGapMs: number
}
