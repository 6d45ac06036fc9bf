import type { NextHop } from '../mail/next-hop.ts'
import type { Reply } from '../mail/reply.ts'
import type { QueueEntry } from './entry.ts'
import type { Form } from './form.ts'

/**
 * What waits for one next hop. Lanes know nothing of each other, so one dead smart host holds up nobody else.
 * up         deliveries are handed out
 * back-off   the next hop was not reached, or wants to be left alone; nothing is handed out until `until`, then one
 *            connection probes
 */
export type Lane = {
  readonly nextHop: NextHop
  /** Deliveries ready now; 0 in back-off. */
  readonly ready: number
  /** The next delivery, or `null`. Whoever takes one settles it. */
  take(): Delivery | null
  /**
   * The next hop could not be reached at all (no host connects, greets, or resolves), or wants to be left alone `forMs`:
   * all that waits here is put off.
   */
  down(why: string, reply: Reply | null, forMs?: number): void
  /** Times in a row that it was not reached. */
  readonly failures?: number
}

/** One transaction: the recipients of one message that go to one next hop. */
export type Delivery = {
  readonly entry: QueueEntry
  /** Indexes into `entry.envelope.recipients`. */
  readonly recipients: readonly number[]
  /** How it leaves; `null` or absent: as it came. */
  readonly form?: Form | null
  /** One attempt for each of `recipients`, in their order. Called once. */
  settle(attempts: readonly Attempt[]): void
  /** Gives it back unattempted (the connection was lost before the message was offered); counts as no attempt. */
  putBack(): void
}

/**
 * What came of one recipient. 2yz delivers, 5yz fails, 4yz and `null` (lost connection, time-out) wait; 552 to RCPT
 * counts as 452 (RFC 5321 §4.5.3.1.10): the queue's `settle` decides, the carrier only reports.
 * `status` and `why` describe what has no reply: `5.4.6 loop`, `4.4.2 connection lost after the final dot`.
 */
export type Attempt = {
  readonly reply: Reply | null
  /** Host that answered or was tried, such as `mx1.example.com[192.0.2.1]:25`. */
  readonly host: string | null
  /** Command that the reply belongs to. */
  readonly command: 'connect' | 'ehlo' | 'starttls' | 'auth' | 'mail' | 'rcpt' | 'data' | 'body' | 'route' | 'local'
  readonly status: string | null
  readonly why: string
  /** The host took the DSN parameters over and will itself notify of success (RFC 3461 §5.2.2); no `relayed` from here. */
  readonly dsnTaken?: boolean
}

/** Delivers what lanes hold. The queue wakes it when a lane has something ready; the carrier takes at its own pace. */
export type Carrier = {
  wake(lane: Lane): void
  /** Finishes what is on the wire, takes nothing new. */
  drain(): Promise<void>
  close(): void
}
