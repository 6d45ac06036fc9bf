import type { Route } from '../mail/next-hop.ts'
import { type Mailbox, parseMailbox } from '../mail/path.ts'
import type { Reply } from '../mail/reply.ts'
import type { Control } from './control.ts'
import { type Evaluator, type Facts, type NoteAt, noNotes, type Winner } from './evaluator.ts'
import type { Leaf, Oracle, Outcome, Stage } from './graph.ts'
import { routeOf } from './route-of.ts'

/**
 * What the graph says of a mail transaction, stage by stage. Sessions and `explain` both ask here: there is no second
 * reading of a graph. `facts` hold what is known so far; a question that waits for an oracle (`ask`) keeps its own copy of
 * them, as the session's may change before the answer comes.
 */

/** `notes`: what was said in passing, since the stage began. */
export type Accepted = { readonly kind: 'accept'; readonly winner: Winner; readonly notes: readonly NoteAt[] }
export type Refused = {
  readonly kind: 'refuse'
  readonly reply: Reply
  readonly winner: Winner
  readonly notes: readonly NoteAt[]
}
/** `answer` continues with what the oracle said. It may be called more than once: `explain` follows every outcome. */
export type Asking<T> = {
  readonly kind: 'ask'
  readonly oracle: Oracle
  readonly answer: (outcome: Outcome) => T | Asking<T>
}

export type Verdict = Accepted | Refused
/** `finals` are whom the message goes to, aliases expanded, each with its route of now (never a refusal). */
export type RecipientVerdict =
  | {
      readonly kind: 'accept'
      readonly finals: readonly FinalRecipient[]
      readonly winner: Winner
      readonly notes: readonly NoteAt[]
    }
  | Refused
export type FinalRecipient = { readonly mailbox: Mailbox; readonly route: Route }

/** Before the greeting. */
export const admitConnection = (evaluator: Evaluator, facts: Facts): Verdict | Asking<Verdict> =>
  walk(evaluator, 'connect', facts, plain)

/** HELO or EHLO: `facts.helo`. */
export const admitHelo = (evaluator: Evaluator, facts: Facts): Verdict | Asking<Verdict> =>
  walk(evaluator, 'helo', facts, plain)

/** Whether login may be used on this line: a refusal is not offered AUTH, and is the reply to it. */
export const admitLogin = (evaluator: Evaluator, facts: Facts): Verdict | Asking<Verdict> =>
  offersLogin(evaluator.control) ? walk(evaluator, 'auth', facts, plain) : noLogin

/** A graph none of whose listeners takes logins says nothing of them in its stage `auth`. */
export const offersLogin = ({ listeners }: Control): boolean => listeners.some(({ login }) => login !== undefined)

/** The reply where none does. */
export const noLoginReply = { code: 502, status: '5.5.1', text: 'there is no login here' } as const

const noLogin: Verdict = {
  kind: 'refuse',
  reply: noLoginReply,
  winner: { at: '', file: null, line: 0, column: 0 },
  notes: noNotes,
}

/** MAIL: `facts.sender`, and `facts.sizeBytes` when SIZE= was given. */
export const admitSender = (evaluator: Evaluator, facts: Facts): Verdict | Asking<Verdict> =>
  walk(evaluator, 'mail', facts, plain)

/**
 * The message of one recipient, who is in `facts.recipient` as RCPT named it (before expansion), with `facts.sizeBytes`
 * and `facts.hops` as far as they are known.
 */
export const admitData = (evaluator: Evaluator, facts: Facts): Verdict | Asking<Verdict> =>
  walk(evaluator, 'data', facts, plain)

/** An address that a delivery is about to connect to, in `facts.destination`. */
export const admitDestination = (evaluator: Evaluator, facts: Facts): Verdict | Asking<Verdict> =>
  walk(evaluator, 'destination', facts, plain)

/**
 * RCPT: the recipient itself, then the route of each mailbox that it stands for. A route that refuses refuses the
 * recipient as a whole: what is known to fail is told to the client now, not to the sender by a notification later.
 */
export function admitRecipient(evaluator: Evaluator, facts: Facts): RecipientVerdict | Asking<RecipientVerdict> {
  return walk(evaluator, 'rcpt', facts, (leaf, winner, asked, notes): RecipientVerdict => {
    const recipient = asked.recipient!
    const mailboxes = leaf.kind === 'expand' ? expanded(leaf) : [recipient]
    const finals: FinalRecipient[] = []
    for (const mailbox of mailboxes) {
      const route = routeOf(evaluator, mailbox, asked)
      if (route.kind === 'refuse') {
        const refusedBy = evaluator.winner()
        asked.recipient = recipient
        return { kind: 'refuse', reply: route.reply, winner: refusedBy, notes }
      }
      finals.push({ mailbox, route })
    }
    asked.recipient = recipient
    return { kind: 'accept', finals, winner, notes }
  })
}

/** Walks one stage; a refusal is the same in all of them. */
function walk<T>(
  evaluator: Evaluator,
  stage: Stage,
  facts: Facts,
  accept: (leaf: Leaf, winner: Winner, facts: Facts, notes: readonly NoteAt[]) => T,
): T | Refused | Asking<T | Refused> {
  return arrived(evaluator.start(stage, facts), facts, noNotes)

  function arrived(number: number, facts: Facts, before: readonly NoteAt[]): T | Refused | Asking<T | Refused> {
    // An evaluator forgets them when it is resumed: others may have asked meanwhile.
    const met = evaluator.notes()
    const notes = before.length === 0 ? met : met.length === 0 ? before : [...before, ...met]
    if (number < 0) {
      const oracle = ~number
      const pinned = { ...facts }
      return {
        kind: 'ask',
        oracle: evaluator.oracle(oracle),
        answer: (outcome) => arrived(evaluator.resume(oracle, outcome, pinned), pinned, notes),
      }
    }
    const leaf = evaluator.leaf(number)
    const winner = evaluator.winner()
    if (leaf.kind !== 'refuse') return accept(leaf, winner, facts, notes)
    return { kind: 'refuse', reply: { code: leaf.code, status: leaf.status, text: leaf.text }, winner, notes }
  }
}

const plain = (_leaf: Leaf, winner: Winner, _facts: Facts, notes: readonly NoteAt[]): Verdict => ({
  kind: 'accept',
  winner,
  notes,
})

// By leaf: a list of a thousand members is read once, not at each RCPT.
const expansions = new WeakMap<Leaf, readonly Mailbox[]>()

function expanded(leaf: Extract<Leaf, { kind: 'expand' }>): readonly Mailbox[] {
  let mailboxes = expansions.get(leaf)
  if (mailboxes === undefined) {
    mailboxes = leaf.to.map((text) => {
      const parsed = parseMailbox(text)
      if (!parsed.ok) throw new Error(`the graph expands to ${JSON.stringify(text)}: ${parsed.error}`)
      return parsed.value
    })
    expansions.set(leaf, mailboxes)
  }
  return mailboxes
}
