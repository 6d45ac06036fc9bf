import { type Behaviour, behaviourOf, behaviourText, sameBehaviour } from '../graph/behaviour.ts'
import type { Evaluator } from '../graph/evaluator.ts'
import type { Described } from '../graph/explanation.ts'
import { lineOf } from '../graph/message-text.ts'
import { parseIp } from '../mail/ip.ts'
import { parseMailbox } from '../mail/path.ts'
import { ok, type Result, wrong } from '../mail/result.ts'
import type { NotPrepared, Witness } from './protocol.ts'

/** Witnesses asked in one turn of the event loop: sessions go on in between. */
const perTurn = 100

/**
 * Asks the graph for each witness of a plan, by the code that sessions use: what this gateway makes of the message must
 * be what the plan says. A gateway of another version, or a graph other than the planned one, is found here. `null`: all
 * are as planned.
 */
export async function checkWitnesses(evaluator: Evaluator, witnesses: readonly Witness[]): Promise<NotPrepared | null> {
  for (const [index, witness] of witnesses.entries()) {
    if (index > 0 && index % perTurn === 0) await new Promise((resolve) => setImmediate(resolve))
    const message = described(witness.message)
    if (!message.ok) return { error: `witness ${index}: ${message.error}`, witness: index }
    const found = behaviourOf(evaluator, message.value, new Map(Object.entries(witness.answers)))
    if (found.kind === 'asks') {
      return { error: `witness ${index}: the plan does not say what ${found.oracle} answers`, witness: index }
    }
    const expected = witness.behaviour
    if (sameBehaviour(expected, found.behaviour)) continue
    const [planned, got] = [words(expected), words(found.behaviour)]
    const who = `${witness.message.client} from ${witness.message.sender ?? 'anybody'} to ${witness.message.recipient ?? 'anybody'}`
    const error = `witness ${index} (${who}): planned was "${planned}", this gateway says "${got}"`
    return { error, witness: index, expected, got: found.behaviour }
  }
  return null
}

const words = (behaviour: Behaviour): string => behaviourText(behaviour).slice(0, 300)

/** The message of an explanation, read back. */
export function described({
  listener,
  client,
  sender,
  recipient,
  sizeBytes,
  hops,
  ...line
}: Witness['message']): Result<Described> {
  const address = parseIp(client)
  if (!address.ok) return wrong(`client: ${address.error}`)
  const from = sender === null || sender === '<>' ? null : parseMailbox(sender)
  if (from !== null && !from.ok) return wrong(`sender: ${from.error}`)
  const to = recipient === null ? null : parseMailbox(recipient)
  if (to !== null && !to.ok) return wrong(`recipient: ${to.error}`)
  return ok({
    listener,
    client: address.value,
    sender: sender === null ? undefined : (from?.value ?? null),
    recipient: to?.value ?? null,
    sizeBytes,
    hops,
    ...lineOf(line),
  })
}
