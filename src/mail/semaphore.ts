/** Lets so many in at one moment. The others wait in order; beyond `maxWaiting` nobody may wait. */
export class Semaphore {
  readonly #width: number
  readonly #maxWaiting: number
  readonly #waiting = new Set<() => void>()
  #inside = 0

  constructor(width: number, maxWaiting: number) {
    this.#width = width
    this.#maxWaiting = maxWaiting
  }

  get inside(): number {
    return this.#inside
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** True when there is room now: as `enter`, without a turn of the event loop between. */
  enterNow(): boolean {
    if (this.#inside >= this.#width) return false
    this.#inside++
    return true
  }

  /** `in`: `leave` must be called, once. `full`: too many wait already. `late`: aborted before its turn came. */
  async enter(signal?: AbortSignal): Promise<'in' | 'full' | 'late'> {
    if (signal?.aborted === true) return 'late'
    if (this.enterNow()) return 'in'
    if (this.#waiting.size >= this.#maxWaiting) return 'full'
    return await new Promise((resolve) => {
      const begin = () => {
        signal?.removeEventListener('abort', giveUp)
        resolve('in')
      }
      const giveUp = () => {
        this.#waiting.delete(begin)
        resolve('late')
      }
      this.#waiting.add(begin)
      signal?.addEventListener('abort', giveUp, { once: true })
    })
  }

  /** The place goes to who waited longest, so that nobody who comes at this moment overtakes. */
  leave(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#inside--
      return
    }
    this.#waiting.delete(next)
    next()
  }

  /** Runs `work` when there is room, which is at once when there is room now. `null` when too many wait already. */
  async pass<T>(work: () => Promise<T>): Promise<T | null> {
    if (!this.enterNow() && (await this.enter()) !== 'in') return null
    try {
      return await work()
    } finally {
      this.leave()
    }
  }
}
