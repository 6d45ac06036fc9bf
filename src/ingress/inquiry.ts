import type { Asking, Verdict as Decided, RecipientVerdict } from '../graph/admission.ts'
import type { Facts, Line, NoteAt } from '../graph/evaluator.ts'
import type { Oracle, Outcome } from '../graph/graph.ts'
import { oracleName } from '../graph/oracle.ts'
import type { IpAddress } from '../mail/ip.ts'
import { listedText, reasonMark } from '../mail/listed-text.ts'
import type { Mailbox, ReversePath } from '../mail/path.ts'
import type { Reply } from '../mail/reply.ts'

/** What is known of a message when an oracle is asked about it. */
export type OracleFacts = Line & {
  readonly listener: string
  readonly client: IpAddress
  readonly sender: ReversePath | undefined
  readonly recipient: Mailbox | null
  readonly sizeBytes: number | null
}

/** `reason`: in the words of whoever knows, for the reply and the log; `null`: it gives none. */
export type OracleAnswer = { readonly outcome: Outcome; readonly reason: string | null }

/**
 * Asks what only run time can tell. What it cannot find out is `error`, which the document has an answer for too. With
 * `peek` nothing is counted: somebody only wants to know.
 */
export type AskOracle = (oracle: Oracle, facts: OracleFacts, peek: boolean) => OracleAnswer | Promise<OracleAnswer>

/** What was said so far, by the oracle's name: each is asked once about one message. */
export type Said = Map<string, OracleAnswer | Promise<OracleAnswer>>

type Found = Decided | RecipientVerdict

type Inquiry = {
  readonly ask: AskOracle
  readonly facts: OracleFacts
  readonly peek: boolean
  readonly said: Said
  readonly answers: Record<string, Outcome>
  /** The latest oracle that said yes: it is what decided, when a refusal follows. */
  listed: { readonly oracle: Oracle; readonly reason: string | null } | null
}

/**
 * Answers a walk's questions to its end. Without a question it is the walk's own end, at once; a promise means that
 * somebody has to be waited for. `said` is shared by questions about one message.
 */
export function settle<T extends Found>(
  found: T | Asking<T>,
  ask: AskOracle,
  facts: Facts,
  { peek = false, said = null }: { readonly peek?: boolean; readonly said?: Said | null } = nothing,
): T | Promise<T> {
  if (found.kind !== 'ask') return found as T
  // The facts are the session's, and may be another's before the answer comes.
  const pinned = { ...facts }
  return follow(found as Asking<T>, { ask, facts: pinned, peek, said: said ?? new Map(), answers: {}, listed: null })
}

const nothing = {}

function follow<T extends Found>(asking: Asking<T>, inquiry: Inquiry): T | Promise<T> {
  let found: T | Asking<T> = asking
  while (found.kind === 'ask') {
    const { oracle, answer } = found as Asking<T>
    const said = answerOf(oracle, inquiry)
    if (said instanceof Promise) {
      foresee(found as Asking<T>, inquiry)
      return said.then((one) => {
        const next = taken(oracle, one, inquiry, answer)
        return next.kind === 'ask' ? follow(next as Asking<T>, inquiry) : ended(next as T, inquiry)
      })
    }
    found = taken(oracle, said, inquiry, answer)
  }
  return ended(found as T, inquiry)
}

function taken<T>(oracle: Oracle, { outcome, reason }: OracleAnswer, inquiry: Inquiry, answer: Asking<T>['answer']) {
  inquiry.answers[oracleName(oracle)] = outcome
  if (outcome === 'listed') inquiry.listed = { oracle, reason }
  return answer(outcome)
}

/** Questions that a walk could come to; more are asked when it does. */
const mostAhead = 32

/**
 * While one list is waited for, the others on the way of a client that nobody lists are asked too: the wait is that of the
 * slowest, not of all together. Nothing is counted by it, and a walk may be gone on with as often as one likes.
 */
function foresee<T>(asking: Asking<T>, inquiry: Inquiry): void {
  let ahead: T | Asking<T> = asking
  for (let i = 0; i < mostAhead && isAsking(ahead); i++) {
    if (ahead.oracle.kind === 'dnsbl' || ahead.oracle.kind === 'check') void answerOf(ahead.oracle, inquiry)
    ahead = ahead.answer('clear')
  }
}

const isAsking = <T>(found: T | Asking<T>): found is Asking<T> => (found as Asking<T>).kind === 'ask'

function answerOf(oracle: Oracle, { ask, facts, peek, said }: Inquiry): OracleAnswer | Promise<OracleAnswer> {
  const name = oracleName(oracle)
  let answer = said.get(name)
  if (answer === undefined) said.set(name, (answer = safely(ask, oracle, facts, peek)))
  return answer
}

const failed = (error: unknown): OracleAnswer => ({ outcome: 'error', reason: (error as Error).message })

function safely(
  ask: AskOracle,
  oracle: Oracle,
  facts: OracleFacts,
  peek: boolean,
): OracleAnswer | Promise<OracleAnswer> {
  try {
    const answer = ask(oracle, facts, peek)
    return answer instanceof Promise ? answer.catch(failed) : answer
  } catch (error) {
    return failed(error)
  }
}

function ended<T extends Found>(found: T, { answers, listed }: Inquiry): T {
  const notes = found.notes.some(({ text }) => text.includes(reasonMark)) ? found.notes.map(withoutReason) : found.notes
  if (found.kind === 'refuse') return { ...found, notes, reply: withReason(found.reply, listed), answers }
  return { ...found, notes, answers }
}

/** Octets of a reason in a reply: strangers write it. */
const maxReason = 200

/** The reply with the words of what decided in the place that it has for them. */
function withReason(reply: Reply, listed: Inquiry['listed']): Reply {
  const reason = listed?.reason?.slice(0, maxReason) ?? ''
  const { oracle } = listed ?? {}
  const isOurs = oracle?.kind === 'dnsbl' && reply.text === listedText(oracle.zone)
  if (isOurs) return reason === '' ? reply : { ...reply, text: `${reply.text}: ${reason}` }
  return reply.text.includes(reasonMark) ? { ...reply, text: filled(reply.text, reason) } : reply
}

/** What is only noted has its reason in the line of the oracle. */
const withoutReason = (note: NoteAt): NoteAt => ({ ...note, text: filled(note.text, '') })

/** A reason that nobody gave leaves no colon behind. */
const filled = (text: string, reason: string): string =>
  text
    .replaceAll(reasonMark, () => reason)
    .replace(/[\s:,;(-]+$/, '')
    .trim()

/** What was answered on the way to a verdict; `undefined`: nobody was asked. */
export const answersOf = (verdict: Found): Readonly<Record<string, Outcome>> | undefined =>
  (verdict as { answers?: Record<string, Outcome> }).answers
