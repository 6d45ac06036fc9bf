/** So many within any minute that begins with the first of them. */
export class MinuteBudget {
  readonly #most: number
  #since = Number.NEGATIVE_INFINITY
  #used = 0

  constructor(most: number) {
    this.#most = most
  }

  take(now: number): boolean {
    if (now - this.#since >= 60_000) {
      this.#since = now
      this.#used = 0
    }
    if (this.#used >= this.#most) return false
    this.#used++
    return true
  }
}
