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

/** What was found out, in memory alone: after a start everybody is asked about anew. The oldest answers go first. */
export class RecipientMemory {
  readonly #times: Times
  readonly #known = new Map<string, Remembered>()

  constructor(times: Times) {
    this.#times = times
  }

  get size(): number {
    return this.#known.size
  }

  /** `null`: nobody asked, or too long ago. */
  fresh(key: string, now: number): Remembered | null {
    const one = this.#known.get(key)
    return one !== undefined && now < one.until ? one : null
  }

  /** Who existed lately, while nobody can be asked. One that did not exist then may be there by now. */
  stale(key: string, now: number): Remembered | null {
    const one = this.#known.get(key)
    return one?.kind === 'exists' && now < one.until + this.#times.staleMs ? one : null
  }

  put(key: string, { localPart, domain }: Mailbox, { kind, reason }: Known, now: number): void {
    const { positiveMs, negativeMs, entries } = this.#times
    this.#known.delete(key)
    const until = now + (kind === 'exists' ? positiveMs : negativeMs)
    this.#known.set(key, { kind, reason, address: `${localPart}@${domain}`, domain, askedAt: now, until })
    if (this.#known.size > entries) this.#known.delete(this.#known.keys().next().value as string)
  }

  /** Newest last, those that are stale too. */
  list(): Iterable<Remembered> {
    return this.#known.values()
  }

  get(key: string): Remembered | null {
    return this.#known.get(key) ?? null
  }

  /** Gives how many were forgotten. */
  forgetOne(key: string): number {
    return Number(this.#known.delete(key))
  }

  /** Those of a domain, or all (`null`). */
  forget(domain: string | null): number {
    let count = 0
    for (const [key, one] of this.#known) {
      if (domain !== null && one.domain !== domain) continue
      this.#known.delete(key)
      count++
    }
    return count
  }
}
