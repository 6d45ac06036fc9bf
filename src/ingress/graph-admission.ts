import {
  type Accepted,
  type Asking,
  admitConnection,
  admitData,
  admitHelo,
  admitLogin,
  admitRecipient,
  admitSender,
  type Verdict as Decided,
  type RecipientVerdict,
  type Refused as Refusing,
} from '../graph/admission.ts'
import type { Evaluator, Facts, NoteAt, Winner } from '../graph/evaluator.ts'
import { joinVerdicts } from '../graph/join.ts'
import { type Mailbox, parseMailbox } from '../mail/path.ts'
import { reply } from '../mail/reply.ts'
import { srsStandIn } from '../mail/srs.ts'
import type { Addressing } from './addressing.ts'
import type { Admission, Asked, Caller, Verdict } from './admission.ts'
import { hintReader } from './hints.ts'
import { type AskOracle, answersOf, type Said, settle } from './inquiry.ts'
import { verify } from './verify.ts'

type Accepting = Accepted | Extract<RecipientVerdict, { kind: 'accept' }>

/** What a graph says, in the form in which sessions ask. */
export function graphAdmission(
  evaluator: Evaluator,
  askOracle: AskOracle,
  addressing: Addressing | null = null,
): Admission {
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

  const plainly = (found: Decided | Asking<Decided>): Asked => then(settle<Decided>(found, askOracle, facts), plain)

  return {
    hash,
    limits: control.limits,
    timeouts: control.timeouts,
    postmaster: postmaster.value,
    ...(control.egress?.some(({ sameAsListener }) => sameAsListener !== undefined) ? { keepsArrival: true } : {}),
    connect: (caller) => plainly(admitConnection(evaluator, known(caller, undefined, null))),
    helo: (caller) => plainly(admitHelo(evaluator, known(caller, undefined, null))),
    login: (caller) => plainly(admitLogin(evaluator, known(caller, undefined, null))),
    mail: (caller, sender, sizeBytes) => plainly(admitSender(evaluator, known(caller, sender, sizeBytes))),
    rcpt(caller, sender, recipient, sizeBytes) {
      const returned = addressing?.back(recipient) ?? null
      if (returned?.kind === 'refused') return noSuchReturn
      known(caller, sender, sizeBytes).recipient = returned === null ? recipient : standIn(recipient)
      return then(settle<RecipientVerdict>(admitRecipient(evaluator, facts), askOracle, facts), (verdict) =>
        verdict.kind === 'refuse'
          ? refused(verdict)
          : accepted(returned === null ? verdict.finals.map((final) => final.mailbox) : [returned.mailbox], verdict),
      )
    },
    readHints: hintReader(control),
    ...(addressing === null ? {} : { sealed: addressing.sealed }),
    // As a notification would ask for it: whoever may send here at all may send one (RFC 5321 §4.5.5).
    verify: (caller, mailbox) => verify(evaluator, known(caller, null, null), mailbox),
    data(caller, sender, recipients, { sizeBytes, hops }) {
      const decided: (Decided | Promise<Decided>)[] = []
      let waits = false
      let asked: Mailbox | null = null
      let said: Said | null = null
      for (const { original } of recipients) {
        // Mailboxes of one alias are next to each other, and the question is about the alias.
        if (original === asked) continue
        asked = original
        known(caller, sender, sizeBytes).recipient = original
        facts.hops = hops
        const found = admitData(evaluator, facts)
        // One message is counted once, whatever its recipients, and not before all of it is here.
        if (found.kind === 'ask') said ??= new Map()
        const one = settle<Decided>(found, askOracle, facts, { peek: hops === null, said })
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
  if (joined.kind === 'refuse') return refused(joined.refused)
  const first = joined.failed[0]
  if (first !== undefined) return refused(first.refused)
  const noted = decided.filter(({ notes }) => notes.length > 0)
  return plain(noted.length < 2 ? (noted[0] ?? decided[0]!) : { ...decided[0]!, notes: distinct(noted) })
}

/** What was noted for one recipient was mostly noted for all. */
const distinct = (decided: readonly Decided[]): readonly NoteAt[] => [
  ...new Map(decided.flatMap(({ notes }) => notes).map((note) => [`${note.note} ${note.at}`, note])).values(),
]

/** RFC 5321 §3.4 leaves no other way: whoever it stands for, this gateway did not give it out, or too long ago. */
const noSuchReturn: Verdict = {
  kind: 'refuse',
  reply: reply(550, '5.1.1', 'no such return address, or no longer'),
  at: 'srs',
}

/** A return address has the rights of the one that stands for all of them in the graph. */
const standIn = ({ domain }: Mailbox): Mailbox => ({ localPart: srsStandIn, domain, text: `${srsStandIn}@${domain}` })

const then = <T>(value: T | Promise<T>, map: (value: T) => Verdict): Asked =>
  value instanceof Promise ? value.then(map) : map(value)

const plain = (verdict: Decided): Verdict => (verdict.kind === 'refuse' ? refused(verdict) : accepted([], verdict))

function accepted(recipients: readonly Mailbox[], verdict: Accepting): Verdict {
  const more = extra(verdict)
  const at = place(verdict.winner)
  return more === null ? { kind: 'accept', recipients, at } : { kind: 'accept', recipients, at, ...more }
}

function refused(verdict: Refusing): Verdict {
  const more = extra(verdict)
  const at = place(verdict.winner)
  return more === null
    ? { kind: 'refuse', reply: verdict.reply, at }
    : { kind: 'refuse', reply: verdict.reply, at, ...more }
}

/** `null` for most: nobody was asked, and nothing was noted. */
function extra(verdict: Decided | RecipientVerdict): Pick<Verdict, 'answers' | 'notes'> | null {
  const answers = answersOf(verdict)
  const { notes } = verdict
  if (answers === undefined) return notes.length === 0 ? null : { notes }
  return notes.length === 0 ? { answers } : { answers, notes }
}

const place = ({ at, file, line, column }: Winner): string => (file === null ? at : `${at} (${file}:${line}:${column})`)
