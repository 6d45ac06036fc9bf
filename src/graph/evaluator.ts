import type { IpAddress } from '../mail/ip.ts'
import type { Mailbox, ReversePath } from '../mail/path.ts'
import type { Control } from './control.ts'
import type { Leaf, Oracle, Outcome, Stage } from './graph.ts'

/** What is known of a mail transaction when a stage asks. One object per session, filled as it goes; `null`: not known. */
export type Facts = {
  listener: string
  client: IpAddress
  /** `undefined` before MAIL; `null` is the null reverse-path. */
  sender: ReversePath | undefined
  recipient: Mailbox | null
  /** Announced by SIZE= at MAIL, counted after DATA (octets after dot-unstuffing, RFC 1870). */
  sizeBytes: number | null
  hops: number | null
  destination: IpAddress | null
}

/**
 * Answers decisions. Two implementations, held equal by a property test: the plain interpreter, which is the
 * specification, and the run-time form over flat shared memory. A walk is pure and never waits: it ends at a leaf or at
 * an oracle, whose answer resumes it.
 */
export type Evaluator = {
  readonly hash: string
  readonly control: Control
  /** A leaf's number, or `~n` (negative) for oracle `n` that has to be answered first. Reuses its memory between calls. */
  start(stage: Stage, facts: Facts): number
  resume(oracle: number, outcome: Outcome, facts: Facts): number
  leaf(number: number): Leaf
  oracle(number: number): Oracle
  /** The row or node that decided the latest walk. Valid until the next `start`. */
  winner(): Winner
}

/**
 * What decided: the leaf's `at`; otherwise the last row taken, or oracle answered, that has one; otherwise `''` (nothing
 * in the document says anything of it). A walk that was resumed begins with its oracle. With its place in a source file
 * where that is known; line and column are 0 where it is not.
 */
export type Winner = {
  readonly at: string
  readonly file: string | null
  readonly line: number
  readonly column: number
}
