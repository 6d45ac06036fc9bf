/**
 * A clock that goes `speed` times as fast as ours, from one moment on: hours in seconds. Processes that are given the same
 * moment agree on what time it is.
 */
export function fastClock({ startedAt, speed }) {
  return {
    now: () => Math.round(startedAt + (Date.now() - startedAt) * speed),
    setTimeout(callback, delayMs) {
      const timer = setTimeout(callback, Math.min(delayMs / speed, 0x7fffffff))
      return { cancel: () => clearTimeout(timer) }
    },
  }
}
