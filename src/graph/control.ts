import type {
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
}
