import type { BackendHealth } from '../mail/backend-health.ts'
import type { Log } from '../mail/log.ts'
import type { Found } from './source.ts'

/** A change that is told is the last one for so long: what fails every other time is not two lines for each try. */
const tellMs = 10_000

/** Counts, and tells the log of a change only: a directory that is down is one line, not one for each try. */
export class Health {
  readonly #id: string
  readonly #log: Log
  #told: BackendHealth['state'] = 'unused'
  #toldAt = Number.NEGATIVE_INFINITY
  #failingSince = 0
  readonly counts = { accepted: 0, refused: 0, unknown: 0, errors: 0, remembered: 0 }
  state: BackendHealth['state'] = 'unused'
  since: number | null = null
  lastError: BackendHealth['lastError'] = null

  constructor(id: string, log: Log) {
    this.#id = id
    this.#log = log
  }

  heard(found: Found, now: number): void {
    if (found.kind === 'error') {
      this.counts.errors++
      this.lastError = { why: found.why, at: now }
      this.#become('failing', now)
      return
    }
    this.counts[found.kind]++
    this.#become('ok', now)
  }

  /** It could be asked, whatever it said. */
  fine(now: number): void {
    this.#become('ok', now)
  }

  #become(state: BackendHealth['state'], now: number): void {
    if (this.state !== state) {
      this.state = state
      this.since = now
    }
    if (this.#told === state || now - this.#toldAt < tellMs) return
    const before = this.#told
    this.#told = state
    if (state === 'failing') {
      this.#failingSince = this.since!
      this.#log.warn('credentials.failing', { backend: this.#id, why: this.lastError!.why })
    } else if (before === 'failing') {
      this.#log.info('credentials.ok', { backend: this.#id, failedMs: this.since! - this.#failingSince })
    } else return
    this.#toldAt = now
  }
}
