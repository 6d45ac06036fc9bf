import { canonicalJson } from '../graph/canonical.ts'
import type { Oracle } from '../graph/graph.ts'
import { mailboxKey } from '../graph/pattern.ts'
import type { AskOracle, OracleAnswer, OracleFacts } from '../ingress/inquiry.ts'
import type { Clock } from '../mail/clock.ts'
import { assertNever } from '../mail/result.ts'

/** An oracle whose answers two graphs share for a while: who asks second gets what the first one got. */
export type SharedAnswers = {
  /** For sessions. What has to be waited for is asked once in a while, what is known at once is asked each time. */
  readonly ask: AskOracle
  /** For comparisons: what a session was told, else an answer that counts nothing. */
  look(oracle: Oracle, facts: OracleFacts): OracleAnswer | Promise<OracleAnswer>
}

const keptMs = 30_000
const most = 20_000

type Kept = { readonly at: number; answer: OracleAnswer | Promise<OracleAnswer> }

export function sharedAnswers(ask: AskOracle, clock: Clock): SharedAnswers {
  const kept = new Map<string, Kept>()
  const find = (key: string): Kept | null => {
    const one = kept.get(key)
    return one === undefined || clock.now() - one.at > keptMs ? null : one
  }
  const keep = (key: string, answer: Kept['answer']): Kept => {
    const one: Kept = { at: clock.now(), answer }
    kept.delete(key)
    kept.set(key, one)
    // The oldest stand first.
    if (kept.size > most) kept.delete(kept.keys().next().value as string)
    return one
  }
  const wait = (key: string, promise: Promise<OracleAnswer>): Promise<OracleAnswer> => {
    const one = keep(key, promise)
    const settled = promise
      .catch((error: Error): OracleAnswer => ({ outcome: 'error', reason: error.message }))
      .then((answer) => (one.answer = answer))
    one.answer = settled
    return settled
  }
  return {
    ask(oracle, facts, peek) {
      const key = keyOf(oracle, facts)
      if (waits(oracle)) {
        const known = find(key)
        if (known !== null) return known.answer
      }
      const answer = ask(oracle, facts, peek)
      if (answer instanceof Promise) return wait(key, answer)
      // A rate counts, and a watched file changes: the next one who asks hears what is so then.
      keep(key, answer)
      return answer
    },
    look(oracle, facts) {
      const key = keyOf(oracle, facts)
      const known = find(key)
      if (known !== null) return known.answer
      const answer = ask(oracle, facts, true)
      return answer instanceof Promise ? wait(key, answer) : answer
    },
  }
}

/** What the network is asked: the answer holds for a while. */
const waits = ({ kind }: Oracle): boolean => kind === 'dnsbl' || kind === 'check' || kind === 'recipient'

/** By what is asked, not by its name: in another graph the same name may be another list. */
function keyOf(oracle: Oracle, facts: OracleFacts): string {
  return JSON.stringify([canonicalJson(oracle), ...about(oracle, facts)])
}

function about(oracle: Oracle, facts: OracleFacts) {
  const { client, login, certificate, helo, sender, sizeBytes, recipient } = facts
  const from = sender == null ? sender : mailboxKey(sender)
  switch (oracle.kind) {
    case 'dnsbl':
    case 'watched':
      return [client]
    case 'check':
      return oracle.id === 'sender-domain' ? [sender?.domain] : oracle.id === 'helo' ? [client, helo] : [client]
    case 'own-sender':
      return [login, from]
    case 'recipient':
      return [recipient === null ? null : mailboxKey(recipient)]
    case 'rate':
      return [client, login, certificate, oracle.of === 'bytes' ? sizeBytes : null]
    default:
      return assertNever(oracle)
  }
}
