import type { Clock } from '../../src/mail/clock.ts'

/** A clock whose time is set by the test, and whose timers fire as it passes. */
export class HandClock implements Clock {
  time: number
  private readonly timers = new Set<{ readonly at: number; readonly callback: () => void }>()

  constructor(time = Date.UTC(2025, 10, 21, 9, 43, 20)) {
    this.time = time
  }

  now(): number {
    return this.time
  }

  setTimeout(callback: () => void, delayMs: number): { cancel(): void } {
    const timer = { at: this.time + delayMs, callback }
    this.timers.add(timer)
    return { cancel: () => void this.timers.delete(timer) }
  }

  /** Lets `ms` pass, timer by timer; one that a timer starts fires too when its time has come. */
  pass(ms: number): void {
    const end = this.time + ms
    for (;;) {
      const [next] = [...this.timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.timers.delete(next)
      this.time = Math.max(this.time, next.at)
      next.callback()
    }
    this.time = end
  }
}
