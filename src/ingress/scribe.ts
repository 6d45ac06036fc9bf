import type { AlsoTo, EnvelopeRecord } from '../mail/envelope-record.ts'
import type { LogFields } from '../mail/log.ts'
import type { Mailbox, ReversePath } from '../mail/path.ts'
import type { Reply } from '../mail/reply.ts'
import { replyClass, type SessionRefusal } from '../mail/tally.ts'
import { acceptedFields } from './accepted.ts'
import type { Answers, Caller, Notes, Verdict } from './admission.ts'
import type { House } from './house.ts'
import type { Incoming } from './incoming.ts'
import { observedBy, tellNotes } from './notes.ts'
import type { LetIn } from './recipients.ts'
import type { Transaction } from './transaction.ts'
import type { Because, State } from './visit.ts'

/** Takes the records of the envelope log. It never throws and never waits. */
export type EnvelopeSink = (record: EnvelopeRecord, others?: readonly AlsoTo[]) => void

/** What was asked when the document refused. */
export type Question = {
  readonly stage: 'connect' | 'helo' | 'mail' | 'rcpt'
  readonly from: ReversePath | undefined
  readonly to: Mailbox | null
  readonly sizeBytes: number | null
  readonly answers: Answers
  readonly notes?: Notes | undefined
  readonly graph: string
}

/** Writes down what a session decided: a log line for people, and a record for each recipient for a later replay. */
export class Scribe {
  /** What TLS was agreed on, in words; `null`: none. */
  cipher: string | null = null
  private readonly house: House
  private caller: Caller
  private readonly session: number
  private toldEarly = false
  /** It was counted once: who is taken for somebody else is greeted again. */
  private isCounted = false
  /** Who it is, for a log line. */
  private who: LogFields
  /** Who it is, for a record. */
  private whence: Whence

  constructor(house: House, caller: Caller, session: number) {
    this.house = house
    this.caller = caller
    this.session = session
    this.who = this.fields()
    this.whence = whenceOf(caller)
  }

  /** The caller is another one from now on, or more is known of it. */
  turnTo(caller: Caller): void {
    this.caller = caller
    this.who = this.fields()
    this.whence = whenceOf(caller)
  }

  private fields(): LogFields {
    const { listener, client, login, certificate } = this.caller
    const who = { session: this.session, listener, client }
    return login === null && certificate === null ? who : { ...who, login, certificate }
  }

  opened(): void {
    this.house.log.debug('session.open', this.who)
  }

  greeted(): void {
    const { tally } = this.house
    if (tally !== undefined && !this.isCounted) tally.sessionsAccepted++
    this.isCounted = true
  }

  notGreeted(why: SessionRefusal): void {
    const { tally } = this.house
    if (tally !== undefined && !this.isCounted) tally.sessionsRefused[why]++
    this.isCounted = true
  }

  /** It talks when it is not its turn; told once. */
  early(text: string): void {
    if (this.toldEarly) return
    this.toldEarly = true
    this.house.log.info('session.early', { ...this.who, text })
  }

  secured(fields: LogFields): void {
    this.house.log.debug('session.tls', { ...this.who, ...fields })
  }

  /** The handshake came to nothing. Who just went away may be the health check of a balancer, every other second. */
  notSecured(error: string, went: boolean): void {
    const fields = { ...this.who, error }
    if (went) this.house.log.debug('session.tls-failed', fields)
    else this.house.log.info('session.tls-failed', fields)
  }

  refused({ code, text }: Reply, because?: Because): void {
    const row = because === undefined ? undefined : { at: because.at, address: because.address }
    this.house.log.info('session.refused', { ...this.who, code, text, ...row })
    const { envelopes, tally } = this.house
    const question = because?.question
    if (tally !== undefined && question?.stage === 'rcpt') tally.recipientsRefused[replyClass(code)]++
    if (envelopes === undefined || question === undefined) return
    const { stage, from, to, sizeBytes, answers, notes, graph } = question
    const observed = observedBy(notes)
    envelopes({
      time: this.house.clock.now(),
      ...this.whence,
      from: from === undefined ? null : pathText(from),
      to: to?.text ?? null,
      size: sizeBytes,
      hops: null,
      answers: answers ?? none,
      verdict: 'refused',
      stage,
      code,
      at: because?.at ?? '',
      graph,
      id: null,
      ...(observed === undefined ? {} : { observed }),
    })
  }

  /** Rules that only look on have something to say of a step that is no command about an address. */
  noted(stage: 'connect' | 'data', notes: Notes): void {
    tellNotes({ id: this.session, house: this.house, caller: this.caller }, stage, null, notes)
  }

  /** The document does not greet this client. */
  turnedAway({ reply, at, answers, notes }: Extract<Verdict, { kind: 'refuse' }>, graph: string): void {
    const question = { stage: 'connect' as const, from: undefined, to: null, sizeBytes: null, answers, notes, graph }
    this.refused(reply, { at, address: null, question })
    this.notGreeted('document')
  }

  /** The message was offered to the spool, and is safe or not. */
  accepted(state: State, transaction: Transaction, letIn: readonly LetIn[], error: Error | null): void {
    const { log, tally } = this.house
    const id = transaction.incoming!.id
    if (tally !== undefined) {
      if (error === null) tally.messagesAccepted++
      else tally.messagesRefused['4yz']++
    }
    if (error === null) log.info('message.accepted', acceptedFields(state, transaction, this.caller, this.cipher))
    else log.error('message.not-stored', { id, error: error.message })
    this.write(
      transaction,
      letIn,
      error === null ? { id, code: 250, stage: 'data' } : { id: null, code: 452, stage: 'data' },
    )
  }

  /** Who sent it may not steer it by these fields. */
  hintsIgnored({ id, ignoredHints }: Incoming): void {
    this.house.log.info('hint.ignored', { ...this.who, id, fields: ignoredHints.join(', ') })
  }

  /** The content was refused, by a row of the document or for what it is. */
  contentRefused(transaction: Transaction | null, reply: Reply, because?: Because): void {
    this.refused(reply, because)
    if (transaction === null) return
    const { code } = reply
    const { tally } = this.house
    if (tally !== undefined) tally.messagesRefused[replyClass(code)]++
    this.write(transaction, transaction.recipients.takeOut(), {
      id: null,
      code,
      stage: 'data',
      refusedBy: because?.at ?? '',
    })
  }

  /** The transaction ended before its message was here. */
  dropped(transaction: Transaction | null): void {
    if (transaction === null) return
    this.write(transaction, transaction.recipients.takeOut(), { id: null, code: 250, stage: 'rcpt' })
  }

  bug(error: unknown): void {
    const stack = error instanceof Error ? error.stack : String(error)
    this.house.log.error('session.bug', { ...this.who, error: stack })
  }

  closed(messages: number, errors: number): void {
    this.house.log.debug('session.close', { ...this.who, messages, errors })
  }

  private write(
    transaction: Transaction,
    letIn: readonly LetIn[],
    end: {
      readonly id: string | null
      readonly code: number
      readonly stage: 'rcpt' | 'data'
      readonly refusedBy?: string
    },
  ): void {
    const { envelopes, clock } = this.house
    if (envelopes === undefined) return
    const { admission, from, sizeBytes, incoming } = transaction
    const { id, code, stage, refusedBy } = end
    for (let first = 0; first < letIn.length; ) {
      const { to, at, answers, notes } = letIn[first]!
      const observed = observedBy(notes)
      // What the world said is each recipient's own; of most nobody was asked.
      let next = first + 1
      while (next < letIn.length && letIn[next]!.answers === answers && letIn[next]!.notes === notes) next++
      envelopes(
        {
          time: clock.now(),
          ...this.whence,
          from: pathText(from),
          to: to.text,
          size: incoming?.sizeBytes ?? sizeBytes,
          hops: incoming?.hops ?? null,
          answers: answers ?? none,
          verdict: refusedBy === undefined ? 'accepted' : 'refused',
          stage,
          code,
          at: refusedBy ?? at,
          graph: admission.hash,
          id,
          ...(observed === undefined ? {} : { observed }),
        },
        next === first + 1
          ? undefined
          : letIn.slice(first + 1, next).map((one) => ({ to: one.to.text, at: refusedBy ?? one.at })),
      )
      first = next
    }
  }
}

const none = {}

type Whence = Pick<EnvelopeRecord, 'listener' | 'client' | 'tls' | 'login' | 'certificate' | 'helo'>

/** Made when the caller changes, not at each record. */
function whenceOf({ listener, client, tls, login, certificate, helo }: Caller): Whence {
  return {
    listener,
    client,
    ...(tls ? { tls } : {}),
    ...(login === null ? {} : { login }),
    ...(certificate === null ? {} : { certificate }),
    ...(helo === null ? {} : { helo }),
  }
}

const pathText = (path: ReversePath): string => (path === null ? '<>' : path.text)
