import type {
  AdminSettings,
  EnvelopeLogSettings,
  Limits,
  ListenerSettings,
  RelaySettings,
  ResolverSettings,
  RetryPolicy,
  Timeouts,
} from '../mail/settings.ts'

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
  /** Absent: the admin API is reached by its unix socket alone. */
  readonly admin?: AdminSettings
  /** `null`: nothing is kept. Absent: `defaultEnvelopeLog`. */
  readonly envelopeLog?: EnvelopeLogSettings | null
}
