import type { Connection } from './connection.ts'
import type { Job } from './job.ts'

/** Where a connection gets its work, and to whom it gives it back. */
export type Work = {
  /** The next job, or `null`. `ahead`: another one of this connection is still on the wire. */
  take(connection: Connection, ahead: boolean): Job | null
  /** Every recipient of the job has its attempt. `tookMs`: its transaction, from the first command to the last answer. */
  finished(job: Job, connection: Connection, tookMs?: number): void
  /** Not offered to the host at all. */
  putBack(job: Job): void
  /** Some of its recipients are left, and this connection takes no more. */
  resume(job: Job): void
  /** The header must be read from the spool before anybody can say whether this host may have the message. */
  lookUp(job: Job): void
  /** No more work on this connection once it had `messages`: its age, a limit, or others that wait for its place. */
  isOver(connection: Connection, messages: number): boolean
  /** An answer takes so long that somebody may mean it (a tarpit); told once. */
  slow(connection: Connection, waitedMs: number): void
  /** It has nothing to do; `start` gives it something. */
  idle(connection: Connection): void
  /** It is closed, and all its jobs were given back or finished. */
  gone(connection: Connection): void
}
