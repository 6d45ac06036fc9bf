import type { Offence } from '../credentials/offence.ts'
import type { IpAddress } from '../mail/ip.ts'
import type { Reply } from '../mail/reply.ts'
import { reply } from '../mail/reply.ts'
import type { ListenerSettings } from '../mail/settings.ts'
import type { Admission, Caller } from './admission.ts'
import type { House } from './house.ts'
import type { Question } from './scribe.ts'
import type { Secured } from './tls/handshake.ts'
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
  /** Names the session in the log. */
  readonly id: number
  readonly state: State
  readonly settings: ListenerSettings
  readonly caller: Caller
  /** Whose the connection is, whoever the caller is taken for. */
  readonly peer: IpAddress
  readonly house: House
  /** The connection. `localAddress`: ours, that the client has connected to; `null` when it is gone. */
  readonly line: { readonly localAddress: string | null }
  /** What TLS was agreed on; `null`: the line is clear. */
  readonly secured: Secured | null
  /** The one that is active now. */
  admission(): Admission
}

/** What a command leaves: the next state, the reply, and what the octets after the command are. */
export type Step =
  | { readonly next: 'command'; readonly state: State; readonly reply: Reply; readonly because: Because | null }
  | { readonly next: 'data'; readonly state: State; readonly reply: Reply }
  /** `first` is said before the last reply. */
  | {
      readonly next: 'close'
      readonly state: State
      readonly reply: Reply
      readonly first?: Reply
      readonly offence?: Offence
    }
  /** A handshake follows the reply, and nothing may have come before it (RFC 3207 §4). */
  | { readonly next: 'tls'; readonly state: State; readonly reply: Reply }
  /** Lines follow that are no commands: `exchange` takes them until it ends. */
  | { readonly next: 'exchange'; readonly state: State; readonly reply: Reply; readonly exchange: Exchange }
  /** The client has said who it is. */
  | { readonly next: 'identified'; readonly state: State; readonly reply: Reply; readonly who: Pick<Caller, 'login'> }
  /** It is taken for somebody else, who is greeted in its turn. */
  | { readonly next: 'anew'; readonly state: State; readonly who: Pick<Caller, 'client' | 'login' | 'helo'> }
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

/** A dialogue inside of one command: AUTH, whose lines are responses to challenges (RFC 4954 §4). */
export type Exchange = {
  /** Octets that one line may have, its CRLF included. */
  readonly maxLine: number
  /** Takes a line without its CRLF; `null` when it was too long or held what is no printable ASCII. */
  next(line: string | null): Step | Promise<Step>
}

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
