import type { Clock } from '../mail/clock.ts'
import type { Timeouts } from '../mail/settings.ts'

/** How long a peer may take to close after our last reply; closing at once could lose the reply in a reset. */
const lingerMs = 3000

/** How long a TLS handshake may take, from its beginning to its end. */
const handshakeMs = 30_000

/**
 * How long a session waits for its client (RFC 5321 §4.5.3.2.7). A number that the listener looks at from time to time:
 * there are thousands of sessions and several commands for each message, too many for timers of their own.
 */
export class Patience {
  readonly since: number
  private endsAt: number
  private readonly clock: Clock
  private readonly timeouts: Timeouts

  constructor(clock: Clock, timeouts: Timeouts) {
    this.clock = clock
    this.timeouts = timeouts
    this.since = clock.now()
    this.endsAt = this.since + timeouts.commandMs
  }

  /** A whole command came. Half of one does not count: who sends an octet a minute is not waited for. */
  command(): void {
    this.endsAt = this.clock.now() + this.timeouts.commandMs
  }

  /** Some content came. */
  content(): void {
    this.endsAt = this.clock.now() + this.timeouts.dataMs
  }

  /** The client is to make itself known by a handshake, which machines do at once. */
  handshake(): void {
    this.endsAt = this.clock.now() + Math.min(this.timeouts.commandMs, handshakeMs)
  }

  linger(): void {
    this.endsAt = this.clock.now() + lingerMs
  }

  /** Why it is over, or `null`. The whole session has its limit too, however busy it is. */
  over(now: number): string | null {
    if (now >= this.since + this.timeouts.sessionMs) return 'the session took too long'
    return now >= this.endsAt ? 'timeout, nothing came' : null
  }
}
