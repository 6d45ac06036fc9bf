/** Time is an argument: `now` is epoch milliseconds; timers may be driven by hand in tests. */
export type Clock = {
  now(): number
  setTimeout(callback: () => void, delayMs: number): Timer
}

/** A pending timer. `cancel` may be called any number of times, also after it fired. */
export type Timer = { cancel(): void }

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout(callback, delayMs) {
    // Node fires at once beyond 2^31-1 ms; nothing in a document may be that long, but a sum could.
    const timer = setTimeout(callback, Math.min(delayMs, 0x7fffffff))
    return { cancel: () => clearTimeout(timer) }
  },
}
