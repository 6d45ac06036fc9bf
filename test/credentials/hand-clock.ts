import type { Clock } from '../../src/mail/clock.ts'

/** A clock whose time is set by the test. */
export class HandClock implements Clock {
  time = Date.UTC(2025, 10, 21, 9, 43, 20)
  now() {
    return this.time
  }
  setTimeout(): { cancel(): void } {
    throw new Error('nothing here waits')
  }
}
