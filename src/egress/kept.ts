import type { Connection } from './connection.ts'
import type { LineFacts } from './outcome-log.ts'
import type { Place } from './places.ts'

/** A connection of a pool, and what the pool knows of it. */
export type Kept = {
  readonly connection: Connection
  readonly generation: number
  readonly choices: number
  /** For the log line of each message. */
  readonly line: LineFacts
  readonly place: Place
  readonly untrack: () => void
}
