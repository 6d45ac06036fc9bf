import type { Log } from '../../mail/log.ts'
import type { RecipientCheckSettings } from '../../mail/recipient-check.ts'

/** A change that is told is the last one for so long. */
const tellMs = 10_000

/** Counts, and tells the log of a change only: a directory that is down is one line, not one for each recipient. */
export class CheckHealth {
  readonly #check: string
  readonly #log: Log
  #told: 'unused' | 'ok' | 'failing' = 'unused'
  #toldAt = Number.NEGATIVE_INFINITY
  readonly counts = { exists: 0, unknown: 0, error: 0, remembered: 0 }
  state: 'unused' | 'ok' | 'failing' = 'unused'
  /** Epoch ms; `null` while unused. */
  since: number | null = null
  lastError: { readonly why: string; readonly at: number } | null = null

  constructor({ id }: RecipientCheckSettings, log: Log) {
    this.#check = id
    this.#log = log
  }

  heard(
    { kind, reason }: { readonly kind: 'exists' | 'unknown' | 'error'; readonly reason: string },
    now: number,
  ): void {
    this.counts[kind]++
    const state = kind === 'error' ? 'failing' : 'ok'
    if (state === 'failing') this.lastError = { why: reason, at: now }
    if (this.state !== state) {
      this.state = state
      this.since = now
    }
    if (this.#told === state || now - this.#toldAt < tellMs) return
    const before = this.#told
    this.#told = state
    if (state === 'failing') this.#log.warn('recipients.failing', { check: this.#check, why: reason })
    else if (before === 'failing') this.#log.info('recipients.ok', { check: this.#check })
    else return
    this.#toldAt = now
  }
}
