import type { ArchiveSettings } from '../mail/archive-settings.ts'
import type { BanSettings } from '../mail/ban-settings.ts'
import type { CredentialSettings } from '../mail/login-settings.ts'
import type { DestinationSettings, EgressPool } from '../mail/next-hop-settings.ts'
import type { NotificationSettings } from '../mail/notification-settings.ts'
import type { RecipientCheckSettings } from '../mail/recipient-check.ts'
import type { NamedRewriting } from '../mail/rewriting.ts'
import type {
  AdminSettings,
  CertificateSettings,
  EnvelopeLogSettings,
  Limits,
  ListenerSettings,
  RelaySettings,
  ResolverSettings,
  RetryPolicy,
  RetrySchedule,
  Timeouts,
} from '../mail/settings.ts'
import type { SrsSettings } from '../mail/srs.ts'
import type { TlsPolicySettings, TlsReportSettings } from '../mail/tls-policy-settings.ts'

/** The part of a graph that no walk decides: names, sockets, limits, times. */
export type Control = {
  readonly hostname: string
  readonly postmaster: string
  readonly listeners: readonly ListenerSettings[]
  readonly relays: readonly RelaySettings[]
  readonly limits: Limits
  readonly timeouts: Timeouts
  readonly retry: RetryPolicy
  readonly resolver: ResolverSettings
  readonly mxPort: number
  /** Sorted by name. Absent: `retry` holds for every route. */
  readonly schedules?: readonly RetrySchedule[]
  /** Absent: the gateway's own texts, and what is usual. */
  readonly notifications?: NotificationSettings
  /** Sorted by pattern, the most specific of which counts. Absent: nothing is said of any. */
  readonly destinations?: readonly DestinationSettings[]
  /** Sorted by name. Absent: the system chooses the source address of every connection. */
  readonly egress?: readonly EgressPool[]
  /** Absent: the admin API is reached by its unix socket alone. */
  readonly admin?: AdminSettings
  /** `null`: nothing is kept. Absent: `defaultEnvelopeLog`. */
  readonly envelopeLog?: EnvelopeLogSettings | null
  /** Sorted by name. Absent: no listener has TLS. */
  readonly certificates?: readonly CertificateSettings[]
  /** In the order in which they are asked. Absent: nobody can log in. */
  readonly credentials?: readonly CredentialSettings[]
  /** Absent: nobody is banned for what they do. */
  readonly bans?: BanSettings
  /** Sorted by id. Absent: no oracle asks for a recipient. */
  readonly recipientChecks?: readonly RecipientCheckSettings[]
  /** Absent: what next hops announced is not held against what clients announce. */
  readonly learnSizes?: 'on'
  /** For people to see: what the document refuses for good is refused for now in this graph's leaves. */
  readonly softBounce?: true
  /** Absent: DANE and MTA-STS as usual. */
  readonly tlsPolicy?: TlsPolicySettings
  /** Sorted by name, which notes of the graph say. Absent: clients' addresses stay as they are. */
  readonly rewritings?: readonly NamedRewriting[]
  /** Absent: senders stay when mail is forwarded. */
  readonly srs?: SrsSettings
  /** Absent: nothing is kept of what left the queue. */
  readonly archive?: ArchiveSettings
  /** Absent: no reports on TLS are sent. */
  readonly tlsReports?: TlsReportSettings
  /** Some client may steer its mail by fields named as MailerQ's: nobody's leave. */
  readonly mailerqHints?: true
}
