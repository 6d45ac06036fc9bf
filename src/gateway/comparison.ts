import { type Behaviour, behaviourOf, sameBehaviour } from '../graph/behaviour.ts'
import { type Box, boxHolds } from '../graph/box.ts'
import type { Evaluator } from '../graph/evaluator.ts'
import { type Described, oracleName } from '../graph/explanation.ts'
import type { Oracle, Outcome } from '../graph/graph.ts'
import { messageText } from '../graph/message-text.ts'
import type { Log } from '../mail/log.ts'
import { agreesPlainly } from './plain-agreement.ts'
import type { SharedAnswers } from './shared-answers.ts'
import type { Trial } from './trial.ts'

export type ComparisonOptions = {
  readonly before: Evaluator
  readonly after: Evaluator
  /** What was reviewed. */
  readonly boxes: readonly Box[]
  readonly answers: SharedAnswers
  readonly trial: Pick<Trial, 'isOver' | 'agreed' | 'changedInside' | 'changedOutside' | 'lost'>
  readonly log: Log
}

/**
 * Asks both graphs what becomes of a message that a session has just decided on, as far as it is described. A difference
 * must lie in a box that somebody has read; otherwise it is a defect.
 *
 * Each oracle is asked once for both, and both are asked with the same answers: what differs is the graphs' doing. Where
 * the graph before asks a list that the new one does not, the answer is waited for; no session is.
 */
export function compareDecisions(options: ComparisonOptions): (message: Described, isWhole: boolean) => void {
  const { boxes, answers, trial, log } = options
  const [before, after] = [sideOf(options.before), sideOf(options.after)]
  // Who was refused before naming a sender or recipient could have named any: these count as reviewed where some box
  // holds such a client.
  const withoutRecipient = boxes.map((box): Box => ({ ...box, recipients: null, sizes: null, hops: null, oracles: {} }))
  const withoutSender = withoutRecipient.map(withAnyLogin)
  const withoutHelo = withoutSender.map(({ helos: _, ...box }): Box => box)

  const judge = (message: Described, isWhole: boolean, old: Settled, now: Settled): void => {
    if (sameBehaviour(old.behaviour, now.behaviour)) {
      if (!isWhole) trial.agreed()
      return
    }
    const list =
      message.sender !== undefined
        ? message.recipient !== null
          ? boxes
          : withoutRecipient
        : message.helo !== null
          ? withoutSender
          : withoutHelo
    const said = new Map([...old.answers, ...now.answers])
    const box = list.findIndex((one) => boxHolds(one, message, said))
    if (box < 0) {
      trial.changedOutside({
        message: messageText(message),
        answers: Object.fromEntries(said),
        before: old.behaviour,
        after: now.behaviour,
      })
    } else if (!isWhole || isOfData(old.behaviour) || isOfData(now.behaviour)) trial.changedInside(box)
  }

  // What cannot be compared was not seen to be right.
  const bug = (error: Error) => {
    log.error('trial.comparison-failed', { error: error.stack })
    trial.lost(error.message)
  }
  return (message, isWhole) => {
    if (trial.isOver) return
    // A mistake in here is no session's end.
    try {
      if (agreesPlainly(before.evaluator, after.evaluator, message)) {
        if (!isWhole) trial.agreed()
        return
      }
      const old = settle(before, message, answers)
      const now = settle(after, message, answers)
      if (old instanceof Promise || now instanceof Promise) {
        Promise.all([old, now])
          .then(([one, other]) => judge(message, isWhole, one, other))
          .catch(bug)
      } else judge(message, isWhole, old, now)
    } catch (error) {
      bug(error as Error)
    }
  }
}

/** Before MAIL a client may still turn to TLS and log in. */
const withAnyLogin = ({ tls: _tls, logins: _logins, certificates: _certificates, ...box }: Box): Box => ({
  ...box,
  senders: null,
})

/** The data stage is asked last, when the difference of all others was counted already. */
const isOfData = (behaviour: Behaviour): boolean => behaviour.kind === 'refused' && behaviour.stage === 'data'

type Settled = { readonly behaviour: Behaviour; readonly answers: ReadonlyMap<string, Outcome> }

/** A graph that is asked for comparison alone. */
type Side = { readonly evaluator: Evaluator; readonly asked: { oracle: Oracle | null } }

const nobody = { at: '', file: null, line: 0, column: 0 }

/** Who decided is of no concern here, and finding the place of a row is the dearest part of an answer. */
function sideOf(evaluator: Evaluator): Side {
  const asked: Side['asked'] = { oracle: null }
  const oracle = (number: number) => (asked.oracle = evaluator.oracle(number))
  return { evaluator: { ...evaluator, winner: () => nobody, oracle }, asked }
}

/** At once when every answer that it needs is known. */
function settle(
  side: Side,
  message: Described,
  shared: SharedAnswers,
  answers = new Map<string, Outcome>(),
): Settled | Promise<Settled> {
  for (;;) {
    const found = behaviourOf(side.evaluator, message, answers)
    if (found.kind === 'decided') return { behaviour: found.behaviour, answers }
    const { oracle } = side.asked
    if (oracle === null || oracleName(oracle) !== found.oracle) throw new Error(`${found.oracle} is no oracle`)
    const known = shared.look(oracle, message)
    if (known instanceof Promise) {
      return known.then(({ outcome }) => settle(side, message, shared, answers.set(found.oracle, outcome)))
    }
    answers.set(found.oracle, known.outcome)
  }
}
