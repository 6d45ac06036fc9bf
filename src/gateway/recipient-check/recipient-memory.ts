import type { Mailbox } from '../../mail/path.ts'
import type { RecipientCheckSettings } from '../../mail/recipient-check.ts'
import type { Known } from './asker.ts'

export type Remembered = Known & {
  /** As RCPT named it at the time. */
  readonly address: string
  readonly domain: string
  /** Epoch ms. */
  readonly askedAt: number
  /** Until when it answers for the check. */
  readonly until: number
}

type Times = Pick<RecipientCheckSettings, 'positiveMs' | 'negativeMs' | 'staleMs' | 'entries'>

/**
 * What was found out, in memory alone: after a start everybody is asked about anew. When it is full the oldest of those
 * who do not exist go first: whoever tries all names there are pushes out no recipient of ours.
 */
export class RecipientMemory {
  readonly #times: Times
  readonly #exists = new Map<string, Remembered>()
  readonly #unknown = new Map<string, Remembered>()

  constructor(times: Times) {
    this.#times = times
  }

  get size(): number {
    return this.#exists.size + this.#unknown.size
  }

  /** `null`: nobody asked, or too long ago. */
  fresh(key: string, now: number): Remembered | null {
    const one = this.get(key)
    return one !== null && now < one.until ? one : null
  }

  /** Who existed lately, while nobody can be asked. One that did not exist then may be there by now. */
  stale(key: string, now: number): Remembered | null {
    const one = this.#exists.get(key)
    return one !== undefined && now < one.until + this.#times.staleMs ? one : null
  }

  put(key: string, { localPart, domain }: Mailbox, { kind, reason }: Known, now: number): void {
    const { positiveMs, negativeMs, entries } = this.#times
    this.forgetOne(key)
    const until = now + (kind === 'exists' ? positiveMs : negativeMs)
    const of = kind === 'exists' ? this.#exists : this.#unknown
    of.set(key, { kind, reason, address: `${localPart}@${domain}`, domain, askedAt: now, until })
    if (this.size <= entries) return
    const full = this.#unknown.size > 0 ? this.#unknown : this.#exists
    full.delete(full.keys().next().value as string)
  }

  /** All of it, those that are stale too. */
  *list(): Iterable<Remembered> {
    yield* this.#exists.values()
    yield* this.#unknown.values()
  }

  get(key: string): Remembered | null {
    return this.#exists.get(key) ?? this.#unknown.get(key) ?? null
  }

  /** Gives how many were forgotten. */
  forgetOne(key: string): number {
    return Number(this.#exists.delete(key)) + Number(this.#unknown.delete(key))
  }

  /** Those of a domain, or all (`null`). */
  forget(domain: string | null): number {
    let count = 0
    for (const of of [this.#exists, this.#unknown]) {
      for (const [key, one] of of) {
        if (domain !== null && one.domain !== domain) continue
        of.delete(key)
        count++
      }
    }
    return count
  }
}
