import type { Reply } from '../mail/reply.ts'
import { reply } from '../mail/reply.ts'
import type { ListenerSettings } from '../mail/settings.ts'
import type { Admission, Caller } from './admission.ts'
import type { Question } from './scribe.ts'
import type { Transaction } from './transaction.ts'

/** What a session has come to between two commands. Commands make the next one; none is ever changed. */
export type State = {
  /** Argument of the latest HELO or EHLO; `null` before. */
  readonly helo: string | null
  /** EHLO: the client knows of extensions. */
  readonly extended: boolean
  readonly transaction: Transaction | null
}

export const start: State = { helo: null, extended: false, transaction: null }

/** What a command may read, of the session that runs it. */
export type Visit = {
  readonly state: State
  readonly settings: ListenerSettings
  readonly caller: Caller
  /** The one that is active now. */
  admission(): Admission
}

/** What a command leaves: the next state, the reply, and what the octets after the command are. */
export type Step =
  | { readonly next: 'command'; readonly state: State; readonly reply: Reply; readonly because: Because | null }
  | { readonly next: 'data' | 'close'; readonly state: State; readonly reply: Reply }
  /** `size` octets follow, also when they are not wanted (RFC 3030 §2); then comes `refused`, if it is there. */
  | {
      readonly next: 'chunk'
      readonly state: State
      readonly size: number
      readonly last: boolean
      readonly refused: Reply | null
    }

/** What the document refused, and by which row: for the log. `question`: for the record of a refusal before the data. */
export type Because = { readonly at: string; readonly address: string | null; readonly question?: Question }

/** One SMTP command. A promise means that an oracle is being asked; it never rejects. */
export type Command = (visit: Visit, argument: string) => Step | Promise<Step>

/** Goes on in `state`. */
export const reached = (state: State, reply: Reply, because: Because | null = null): Step => ({
  next: 'command',
  state,
  reply,
  because,
})

/** The command changed nothing. */
export const answer = (state: State, code: number, status: string | null, text: string): Step =>
  reached(state, reply(code, status, text))
