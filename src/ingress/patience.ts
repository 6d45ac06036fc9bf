import type { Clock } from '../mail/clock.ts'
import type { Limits, Timeouts } from '../mail/settings.ts'
import type { Mode } from './mode.ts'

/** How long a peer may take to close after our last reply; closing at once could lose the reply in a reset. */
const lingerMs = 3000

/** How long a TLS handshake may take, from its beginning to its end. */
const handshakeMs = 30_000

const minuteMs = 60_000

/**
 * How long a session waits for its client (RFC 5321 §4.5.3.2.7). A number that the listener looks at from time to time:
 * there are thousands of sessions and several commands for each message, too many for timers of their own.
 */
export class Patience {
  readonly since: number
  private endsAt: number
  /** Octets of content since `measuredAt`. */
  private octets = 0
  private measuredAt = 0
  private readonly clock: Clock
  private readonly timeouts: Timeouts
  /** Octets of content in a second, on average over each whole minute. */
  private readonly floor: number | undefined

  constructor(clock: Clock, { timeouts, limits }: { readonly timeouts: Timeouts; readonly limits: Limits }) {
    this.clock = clock
    this.timeouts = timeouts
    this.floor = limits.minBytesPerSecond
    this.since = clock.now()
    this.endsAt = this.since + timeouts.commandMs
  }

  /** A whole command came. Half of one does not count: who sends an octet a minute is not waited for. */
  command(): void {
    this.endsAt = this.clock.now() + this.timeouts.commandMs
  }

  /** The client is made to wait; its own time does not run meanwhile. */
  pause(ms: number): void {
    this.endsAt += ms
  }

  /** Some content came. */
  content(octets: number): void {
    this.endsAt = this.clock.now() + this.timeouts.dataMs
    this.octets += octets
  }

  /** Content is waited for from now on: at its beginning, or after a pause that was ours. */
  awaitContent(): void {
    const now = this.clock.now()
    this.endsAt = now + this.timeouts.dataMs
    this.measure(now)
  }

  /** The client is to make itself known by a handshake, which machines do at once. */
  handshake(): void {
    this.endsAt = this.clock.now() + Math.min(this.timeouts.commandMs, handshakeMs)
  }

  linger(): void {
    this.endsAt = this.clock.now() + lingerMs
  }

  /** Why it is over, or `null`. The whole session has its limit too, however busy it is. */
  over(now: number, mode: Mode): string | null {
    if (now >= this.since + this.timeouts.sessionMs) return 'the session took too long'
    if (now >= this.endsAt) return 'timeout, nothing came'
    return (mode === 'data' || mode === 'chunk') && this.isTooSlow(now) ? 'the content comes too slowly' : null
  }

  private isTooSlow(now: number): boolean {
    if (this.floor === undefined || now - this.measuredAt < minuteMs) return false
    const isSlow = this.octets * 1000 < this.floor * (now - this.measuredAt)
    this.measure(now)
    return isSlow
  }

  private measure(now: number): void {
    this.measuredAt = now
    this.octets = 0
  }
}
