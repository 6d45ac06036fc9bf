import {
  type Asking,
  admitConnection,
  admitData,
  admitHelo,
  admitLogin,
  admitRecipient,
  admitSender,
  type FinalRecipient,
  type RecipientVerdict,
  type Verdict,
} from '../graph/admission.ts'
import { routeKey, routeText } from '../graph/behaviour.ts'
import type { Evaluator, Facts, NoteAt } from '../graph/evaluator.ts'
import { oracleName } from '../graph/explanation.ts'
import { markOf, type Outcome, type Stage } from '../graph/graph.ts'
import { mailboxKey } from '../graph/pattern.ts'
import type { NextHop, Route } from '../mail/next-hop.ts'
import type { Reply } from '../mail/reply.ts'

/** Equal `key`, equal behaviour, as by `behaviourKey`; `asks` is an oracle that nobody answered. */
export type ReplayOutcome =
  | { readonly kind: 'decided'; readonly key: string; readonly text: string }
  | { readonly kind: 'asks'; readonly oracle: string }

/**
 * What becomes of recorded messages, for both graphs of a replay: by the code of sessions (`admission.ts`), with each
 * way and each refusal put into words once, as a million records are asked about.
 */
export class ReplayOutcomes {
  private readonly ways = new Map<string, Way>()
  // By next hop, which a route hands out again and again.
  private readonly byHop = new WeakMap<NextHop, Way>()
  private readonly refusals = new Map<string, ReplayOutcome>()
  private readonly asked = new Map<string, ReplayOutcome>()

  of(evaluator: Evaluator, facts: Facts, answers: Answers): ReplayOutcome {
    const { hops } = facts
    const connect = this.settled(admitConnection(evaluator, facts), answers)
    if (connect.kind === 'asks') return connect
    if (connect.kind === 'refuse') return this.refused('connect', connect.reply)
    if (facts.helo !== null) {
      const helo = this.settled(admitHelo(evaluator, facts), answers)
      if (helo.kind === 'asks') return helo
      if (helo.kind === 'refuse') return this.refused('helo', helo.reply)
    }
    if (facts.login !== null) {
      const login = this.settled(admitLogin(evaluator, facts), answers)
      if (login.kind === 'asks') return login
      if (login.kind === 'refuse') return this.refused('auth', login.reply)
    }
    if (facts.sender === undefined) return soFar
    const mail = this.settled(admitSender(evaluator, facts), answers)
    if (mail.kind === 'asks') return mail
    if (mail.kind === 'refuse') return this.refused('mail', mail.reply)
    const { recipient } = facts
    if (recipient === null) return soFar
    const rcpt = this.settled<RecipientVerdict>(admitRecipient(evaluator, facts), answers)
    facts.recipient = recipient
    if (rcpt.kind === 'asks') return rcpt
    // A route that refuses is another stage in a behaviour; for its sender it is the same moment and the same reply.
    if (rcpt.kind === 'refuse') return this.refused('rcpt', rcpt.reply)
    facts.hops = hops
    const data = this.settled(admitData(evaluator, facts), answers)
    if (data.kind === 'asks') return data
    if (data.kind === 'refuse') return this.refused('data', data.reply)
    const tags = tagsOf(connect, mail, rcpt, data)
    const outcome = this.accepted(rcpt.finals, recipient)
    return tags === '' || outcome.kind === 'asks'
      ? outcome
      : { ...outcome, key: `${outcome.key} ${tags}`, text: `${outcome.text}, ${tags}` }
  }

  private settled<T extends Verdict | RecipientVerdict>(
    first: T | Asking<T>,
    answers: Answers,
  ): T | Extract<ReplayOutcome, { kind: 'asks' }> {
    let verdict: T | Asking<T> = first
    while (verdict.kind === 'ask') {
      const asking = verdict as Asking<T>
      const oracle = oracleName(asking.oracle)
      const outcome: Outcome | undefined = Object.hasOwn(answers, oracle) ? answers[oracle] : undefined
      if (outcome === undefined) {
        let known = this.asked.get(oracle)
        if (known === undefined) this.asked.set(oracle, (known = { kind: 'asks', oracle }))
        return known as Extract<ReplayOutcome, { kind: 'asks' }>
      }
      verdict = asking.answer(outcome)
    }
    return verdict as T
  }

  private refused(stage: Stage, { code, status, text }: Reply): ReplayOutcome {
    const key = `${stage} ${code} ${status ?? ''} ${text}`
    let known = this.refusals.get(key)
    if (known === undefined) {
      known = { kind: 'decided', key, text: `refused ${code} ${status ?? ''} ${text}` }
      this.refusals.set(key, known)
    }
    return known
  }

  private accepted(finals: readonly FinalRecipient[], recipient: NonNullable<Facts['recipient']>): ReplayOutcome {
    const [only] = finals
    if (finals.length === 1 && only !== undefined) {
      const way = this.way(only.route)
      const isOwn = only.mailbox === recipient || mailboxKey(only.mailbox) === mailboxKey(recipient)
      if (isOwn) return way.outcome
    }
    const parts = finals.map(({ mailbox, route }) => ({ mailbox, way: this.way(route) }))
    const key = parts.map(({ mailbox, way }) => JSON.stringify([mailboxKey(mailbox), way.key])).sort()
    return {
      kind: 'decided',
      key: `= ${key.join(' ')}`,
      text: parts.map(({ mailbox, way }) => `${mailbox.text} ${way.text}`).join(', '),
    }
  }

  private way(route: Route): Way {
    const known = route.kind === 'next-hop' ? this.byHop.get(route.nextHop) : undefined
    if (known !== undefined) return known
    const text = routeText(route)
    const key = routeKey(text)
    let way = this.ways.get(key)
    if (way === undefined) {
      way = { key, text: text.text, outcome: { kind: 'decided', key: `=${key}`, text: text.text } }
      this.ways.set(key, way)
    }
    if (route.kind === 'next-hop') this.byHop.set(route.nextHop, way)
    return way
  }
}

/** The marks of a message, of which a message that goes the same way may have others. */
function tagsOf(...verdicts: readonly { readonly notes: readonly NoteAt[] }[]): string {
  if (verdicts.every(({ notes }) => notes.length === 0)) return ''
  const tags = verdicts.flatMap(({ notes }) => notes.flatMap((note) => markOf(note) ?? []))
  return tags.length === 0 ? '' : `tagged ${[...new Set(tags)].sort().join(', ')}`
}

type Answers = Readonly<Record<string, Outcome>>
type Way = { readonly key: string; readonly text: string; readonly outcome: ReplayOutcome }

const soFar: ReplayOutcome = { kind: 'decided', key: 'so far', text: 'accepted so far' }
