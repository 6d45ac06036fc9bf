/**
 * Counts events by key in a window that slides. Exact as long as there are no more keys than `maxKeys`; beyond it the one
 * that was quiet longest is forgotten: whoever has many addresses cannot fill the memory, only be counted worse.
 */
export class Windows {
  private readonly maxKeys: number
  /** Times of the latest events, oldest first. The least recently counted key comes first. */
  private readonly times = new Map<string, number[]>()

  constructor(maxKeys: number) {
    this.maxKeys = maxKeys
  }

  get size(): number {
    return this.times.size
  }

  /** One more event. Gives how many there were within the window, this one too; counts no further than `most`. */
  add(key: string, now: number, windowMs: number, most: number): number {
    const before = this.times.get(key)
    this.times.delete(key)
    const times = before ?? []
    let first = 0
    while (first < times.length && (times[first] as number) <= now - windowMs) first++
    // A clock that was set back would keep what lies ahead of it for ever.
    if (times.length > 0 && (times.at(-1) as number) > now) first = times.length
    if (first > 0) times.splice(0, first)
    times.push(now)
    if (times.length > most) times.splice(0, times.length - most)
    this.times.set(key, times)
    if (this.times.size > this.maxKeys) this.times.delete(this.times.keys().next().value as string)
    return times.length
  }

  forget(key: string): void {
    this.times.delete(key)
  }

  clear(): void {
    this.times.clear()
  }
}
