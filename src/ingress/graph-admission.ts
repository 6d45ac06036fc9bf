import {
  type Asking,
  admitConnection,
  admitData,
  admitLogin,
  admitRecipient,
  admitSender,
  type Verdict as Decided,
  type RecipientVerdict,
} from '../graph/admission.ts'
import type { Evaluator, Facts, Winner } from '../graph/evaluator.ts'
import { oracleName } from '../graph/explanation.ts'
import type { Oracle, Outcome } from '../graph/graph.ts'
import { joinVerdicts } from '../graph/join.ts'
import type { IpAddress } from '../mail/ip.ts'
import { type Mailbox, parseMailbox } from '../mail/path.ts'
import type { Admission, Answers, Asked, Caller, Verdict } from './admission.ts'

/** Asks what only run time can tell. What it cannot find out is `error`, which the document has an answer for too. */
export type AskOracle = (oracle: Oracle, client: IpAddress) => Promise<Outcome>

/** What a graph says, in the form in which sessions ask. */
export function graphAdmission(evaluator: Evaluator, askOracle: AskOracle): Admission {
  const { hash, control } = evaluator
  const postmaster = parseMailbox(`postmaster@${control.hostname}`)
  if (!postmaster.ok) throw new Error(`the graph's hostname: ${postmaster.error}`)

  // One for all sessions: a question is asked in one go, and one that waits keeps its own copy.
  const facts = { recipient: null, sizeBytes: null, hops: null, destination: null } as unknown as Facts
  const known = (caller: Caller, sender: Facts['sender'], sizeBytes: number | null): Facts => {
    facts.listener = caller.listener
    facts.client = caller.client
    facts.tls = caller.tls
    facts.login = caller.login
    facts.certificate = caller.certificate
    facts.helo = caller.helo
    facts.sender = sender
    facts.recipient = null
    facts.sizeBytes = sizeBytes
    facts.hops = null
    return facts
  }

  const settle = <T extends Decided | RecipientVerdict>(found: T | Asking<T>, client: IpAddress): T | Promise<T> =>
    found.kind === 'ask' ? follow(found as Asking<T>, client) : (found as T)

  const follow = async <T extends Decided | RecipientVerdict>(asking: Asking<T>, client: IpAddress): Promise<T> => {
    let found: T | Asking<T> = asking
    const answers: Record<string, Outcome> = {}
    while (found.kind === 'ask') {
      const { oracle, answer } = found as Asking<T>
      const outcome: Outcome = await askOracle(oracle, client).catch(() => 'error')
      answers[oracleName(oracle)] = outcome
      found = answer(outcome)
    }
    return { ...(found as T), answers }
  }

  return {
    hash,
    limits: control.limits,
    timeouts: control.timeouts,
    postmaster: postmaster.value,
    connect: (caller) =>
      then(settle<Decided>(admitConnection(evaluator, known(caller, undefined, null)), caller.client), plain),
    login: (caller) =>
      then(settle<Decided>(admitLogin(evaluator, known(caller, undefined, null)), caller.client), plain),
    mail: (caller, sender, sizeBytes) =>
      then(settle<Decided>(admitSender(evaluator, known(caller, sender, sizeBytes)), caller.client), plain),
    rcpt(caller, sender, recipient, sizeBytes) {
      known(caller, sender, sizeBytes).recipient = recipient
      return then(settle<RecipientVerdict>(admitRecipient(evaluator, facts), caller.client), (verdict) =>
        verdict.kind === 'refuse'
          ? refused(verdict.reply, verdict.winner, answersOf(verdict))
          : accepted(
              verdict.finals.map((final) => final.mailbox),
              verdict.winner,
              answersOf(verdict),
            ),
      )
    },
    data(caller, sender, recipients, { sizeBytes, hops }) {
      const decided: (Decided | Promise<Decided>)[] = []
      let waits = false
      let asked: Mailbox | null = null
      for (const { original } of recipients) {
        // Mailboxes of one alias are next to each other, and the question is about the alias.
        if (original === asked) continue
        asked = original
        known(caller, sender, sizeBytes).recipient = original
        facts.hops = hops
        const one = settle<Decided>(admitData(evaluator, facts), caller.client)
        waits ||= one instanceof Promise
        decided.push(one)
      }
      return waits ? Promise.all(decided).then(join) : join(decided as Decided[])
    },
  }
}

/**
 * One verdict for all. Where the document refuses the message for some of the recipients only, it is refused as a whole:
 * the client hears of it now and may send to the others again; nobody gets a message without the sender knowing who did not.
 */
function join(decided: readonly Decided[]): Verdict {
  const joined = joinVerdicts(decided)
  if (joined.kind === 'refuse') return refused(joined.reply, joined.refused.winner)
  const first = joined.failed[0]
  if (first !== undefined) return refused(first.refused.reply, first.refused.winner)
  return plain(decided[0]!)
}

const then = <T>(value: T | Promise<T>, map: (value: T) => Verdict): Asked =>
  value instanceof Promise ? value.then(map) : map(value)

const plain = (verdict: Decided): Verdict =>
  verdict.kind === 'refuse'
    ? refused(verdict.reply, verdict.winner, answersOf(verdict))
    : accepted([], verdict.winner, answersOf(verdict))

/** What `follow` has put beside a verdict that waited. */
const answersOf = (verdict: Decided | RecipientVerdict): Answers => (verdict as { answers?: Answers }).answers

const accepted = (recipients: readonly Mailbox[], winner: Winner, answers: Answers): Verdict =>
  answers === undefined
    ? { kind: 'accept', recipients, at: place(winner) }
    : { kind: 'accept', recipients, at: place(winner), answers }

const refused = (reply: Extract<Verdict, { kind: 'refuse' }>['reply'], winner: Winner, answers?: Answers): Verdict =>
  answers === undefined
    ? { kind: 'refuse', reply, at: place(winner) }
    : { kind: 'refuse', reply, at: place(winner), answers }

const place = ({ at, file, line, column }: Winner): string => (file === null ? at : `${at} (${file}:${line}:${column})`)
