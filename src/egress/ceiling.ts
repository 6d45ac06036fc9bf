/** How long a ceiling stays before it is raised by a step. */
const growMs = 60_000
/** What comes closer together is one and the same trouble: a host that is stopped says 421 to all at once. */
const sameTroubleMs = 5000

/**
 * How many connections a next hop bears, as learnt from it. Each trouble halves what there is, each quiet minute raises
 * it by a quarter (by one at least), until it is no limit any more.
 */
export class Ceiling {
  /** Why it is below what the document says; `null`: it is not. */
  why: string | null = null
  private most = Number.POSITIVE_INFINITY
  private growAt = 0
  private cutAt = Number.NEGATIVE_INFINITY

  /** `full`: what the document says. */
  limit(full: number, now: number): number {
    while (this.most < full && now >= this.growAt) {
      this.most += Math.max(1, Math.floor(this.most / 4))
      this.growAt += growMs
    }
    if (this.most < full) return this.most
    this.reset()
    return full
  }

  /** Too much: half of the `open` ones are enough. */
  cut(open: number, now: number, why: string): void {
    if (now < this.cutAt + sameTroubleMs) return
    this.cutAt = now
    this.set(Math.max(1, Math.floor(Math.min(open, this.most) / 2)), now, why)
  }

  /** The host has just shown how many it takes. */
  hold(open: number, now: number, why: string): void {
    this.set(Math.max(1, Math.min(open, this.most)), now, why)
  }

  /** It is none, or it is so long ago that nobody needs to remember it. */
  isBlank(now: number): boolean {
    return this.most === Number.POSITIVE_INFINITY || now > this.growAt + 30 * growMs
  }

  reset(): void {
    this.most = Number.POSITIVE_INFINITY
    this.why = null
  }

  private set(most: number, now: number, why: string): void {
    this.most = most
    this.growAt = now + growMs
    this.why = why
  }
}
