import type { Clock } from '../mail/clock.ts'

/** `known`: somebody checked the password. `unknown`: nobody knew the login. */
export type RefusalCause = 'known' | 'unknown'

/** Answers of each cause that are looked at: enough for the spread of a password hash on a busy machine. */
const samples = 16
/** Nobody waits longer on purpose: what took longer is a back-end in trouble. */
const maxMs = 3000

/**
 * Makes every refusal take as long as the slowest of the last ones, whichever their cause: how long an answer takes must
 * not tell whether a login exists (a directory that does not find a name answers sooner than one that checks a password).
 * Causes are kept apart, so that a thousand tries of one cause do not push out what is known of the other.
 */
export class RefusalTime {
  readonly #clock: Clock
  readonly #lately = { known: [] as number[], unknown: [] as number[] }

  constructor(clock: Clock) {
    this.#clock = clock
  }

  refused(cause: RefusalCause, tookMs: number): void {
    const list = this.#lately[cause]
    list.push(Math.min(tookMs, maxMs))
    if (list.length > samples) list.shift()
  }

  /**
   * An acceptance costs what a refusal of a known login costs, or nothing where a back-end remembers it: it may raise the
   * time of refusals, and never lowers it.
   */
  accepted(tookMs: number): void {
    if (tookMs > Math.max(0, ...this.#lately.known)) this.refused('known', tookMs)
  }

  /** How long a refusal takes now, in all. */
  get targetMs(): number {
    return Math.max(0, ...this.#lately.known, ...this.#lately.unknown)
  }

  /** Waits until a refusal that began at `startedAt` may be told. */
  async wait(startedAt: number): Promise<void> {
    const restMs = startedAt + this.targetMs - this.#clock.now()
    if (restMs > 0) await new Promise<void>((resolve) => this.#clock.setTimeout(resolve, restMs))
  }
}
