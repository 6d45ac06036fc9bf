import type { IpAddress } from '../mail/ip.ts'
import type { Mailbox, ReversePath } from '../mail/path.ts'
import type { Control } from './control.ts'
import type { Leaf, Note, Oracle, Outcome, Stage } from './graph.ts'

/** What is known of the connection beside its two ends. */
export type Line = {
  /** The line is encrypted. */
  tls: boolean
  /** Who logged in, folded to lower case; `null`: nobody. */
  login: string | null
  /** The verified certificate of the client, as `sha256:` and 64 hexadecimal digits; `null`: none. */
  certificate: string | null
  /** The argument of HELO or EHLO as it was said; `null`: not yet. */
  helo: string | null
}

/** In the clear, nobody logged in, nothing said yet. */
export const bareLine: Readonly<Line> = Object.freeze({ tls: false, login: null, certificate: null, helo: null })

/** What is known of a mail transaction when a stage asks. One object per session, filled as it goes; `null`: not known. */
export type Facts = Line & {
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
  /** Routes may depend on who the sender is; otherwise nobody need tell. */
  readonly routesBySender: boolean
  /** A leaf's number, or `~n` (negative) for oracle `n` that has to be answered first. Reuses its memory between calls. */
  start(stage: Stage, facts: Facts): number
  resume(oracle: number, outcome: Outcome, facts: Facts): number
  leaf(number: number): Leaf
  oracle(number: number): Oracle
  /** The row or node that decided the latest walk. Valid until the next `start`. */
  winner(): Winner
  /** What the latest walk (since its oracle, when it was resumed) passed on its way, in order. One empty list when nothing. */
  notes(): readonly NoteAt[]
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

/** A note that a walk passed, with its place. */
export type NoteAt = Omit<Note, 'kind' | 'to' | 'at'> & Winner

export const noNotes: readonly NoteAt[] = Object.freeze([])
