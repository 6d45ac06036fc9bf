import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import type { ListenerSettings } from '../mail/settings.ts'
import type { Inlet } from '../queue/intake.ts'
import type { Admission } from './admission.ts'
import type { Census } from './census.ts'
import type { EnvelopeSink } from './scribe.ts'

/** What all sessions of one listener share. */
export type House = {
  /** Those of new sessions; each keeps the ones it began with. */
  settings: ListenerSettings
  /** The one that is active now. */
  readonly admission: () => Admission
  readonly inlet: Inlet
  /** The envelope log; absent: there is none. */
  readonly envelopes?: EnvelopeSink
  readonly census: Census
  readonly log: Log
  readonly clock: Clock
  /** No new transactions: sessions end as soon as they have none. */
  draining: boolean
}
