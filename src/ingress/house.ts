import type { Authenticator } from '../credentials/authenticator.ts'
import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import type { ListenerSettings } from '../mail/settings.ts'
import type { Tally } from '../mail/tally.ts'
import type { Inlet } from '../queue/intake.ts'
import type { Admission } from './admission.ts'
import type { Census } from './census.ts'
import type { Guard } from './guard.ts'
import type { EnvelopeSink } from './scribe.ts'
import type { TlsContexts } from './tls/contexts.ts'

/** What all sessions of one listener share. */
export type House = {
  /** Those of new sessions; each keeps the ones it began with. */
  settings: ListenerSettings
  /** The one that is active now. */
  readonly admission: () => Admission
  readonly inlet: Inlet
  /** The envelope log; absent: there is none. */
  readonly envelopes?: EnvelopeSink
  /** Counts for metrics; absent: nobody reads them. */
  readonly tally?: Tally
  readonly census: Census
  /** Absent: nobody is banned or made to wait for what was done before. */
  readonly guard?: Guard
  /** Who may be asked whether a login is right; absent: nobody logs in here. */
  readonly authenticator?: Authenticator | null
  /** Certificates of this listener; absent: it speaks no TLS. */
  tls?: TlsContexts | null
  /** Of this program, for a greeting that shows it. */
  readonly version?: string
  readonly log: Log
  readonly clock: Clock
  /** No new transactions: sessions end as soon as they have none. */
  draining: boolean
}
