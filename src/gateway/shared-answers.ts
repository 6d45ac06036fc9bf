import { canonicalJson } from '../graph/canonical.ts'
import type { Oracle, Outcome } from '../graph/graph.ts'
import type { AskOracle } from '../ingress/graph-admission.ts'
import type { Clock } from '../mail/clock.ts'
import type { IpAddress } from '../mail/ip.ts'

/** An oracle whose answers two graphs share for a while: who asks second gets what the first one got. */
export type SharedAnswers = {
  readonly ask: AskOracle
  /** The answer, when it is there already. */
  known(oracle: Oracle, client: IpAddress): Outcome | null
}

const keptMs = 30_000
const most = 20_000

type Answer = { readonly at: number; readonly promise: Promise<Outcome>; outcome: Outcome | null }

export function sharedAnswers(ask: AskOracle, clock: Clock): SharedAnswers {
  const answers = new Map<string, Answer>()
  // By what is asked, not by its name: in another graph the same name may be another list.
  const keyOf = (oracle: Oracle, client: IpAddress) => `${canonicalJson(oracle)} ${client}`
  const find = (key: string): Answer | null => {
    const answer = answers.get(key)
    return answer === undefined || clock.now() - answer.at > keptMs ? null : answer
  }
  return {
    ask(oracle, client) {
      const key = keyOf(oracle, client)
      const known = find(key)
      if (known !== null) return known.promise
      const answer: Answer = {
        at: clock.now(),
        promise: ask(oracle, client).then(
          (outcome) => (answer.outcome = outcome),
          () => (answer.outcome = 'error'),
        ),
        outcome: null,
      }
      answers.delete(key)
      answers.set(key, answer)
      // The oldest stand first.
      if (answers.size > most) answers.delete(answers.keys().next().value as string)
      return answer.promise
    },
    known: (oracle, client) => find(keyOf(oracle, client))?.outcome ?? null,
  }
}
