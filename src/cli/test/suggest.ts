import { compareGraphs } from '../../analysis/compare.ts'
import type { Case, Demand } from '../../analysis/suite-case.ts'
import { endingsOf } from '../../analysis/suite-endings.ts'
import { demandsOf } from '../../analysis/suite-today.ts'
import { deciderOf } from '../../analysis/suite-words.ts'
import { compile } from '../../compile/compile.ts'
import type { Document } from '../../config/document.ts'
import { makeBundle } from '../../graph/bundle.ts'
import { bareLine } from '../../graph/evaluator.ts'
import type { Described } from '../../graph/explanation.ts'
import type { Outcome } from '../../graph/graph.ts'
import { type Interpreter, interpreter } from '../../graph/interpret.ts'
import { lineOf, type MessageText } from '../../graph/message-text.ts'
import { mailboxKey } from '../../graph/pattern.ts'
import { noSources } from '../../graph/sources.ts'
import { parseIp } from '../../mail/ip.ts'
import { parseMailbox } from '../../mail/path.ts'
import type { Result } from '../../mail/result.ts'
import type { Mutant } from './mutants.ts'
import { isKilled } from './mutate.ts'

/**
 * `case`     a test that passes today and would notice the mistake
 * `same`     the mistake changes nothing for any message: there is nothing to test
 * `refused`  `check` refuses the document with the mistake
 * `none`     no test can tell: what changes is not described by a message, or could not be decided
 */
export type Suggestion =
  | { readonly kind: 'case'; readonly case: Omit<Case, 'suite' | 'place'> }
  | { readonly kind: 'same' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'none'; readonly why: string }

/**
 * Looks for a test that tells the document from one with a mistake: the two graphs are compared over all messages, and a
 * message of the difference, with what comes of it today, is the test. It is tried against both before it is given.
 */
export function suggester(document: Document): (mutant: Mutant) => Suggestion {
  const before = makeBundle(compile(document).graph, noSources)
  const today = interpreter(before.graph, noSources, before.hash)
  return (mutant) => {
    const { graph, diagnostics } = compile(mutant.apply(document))
    const wrong = diagnostics.find(({ severity }) => severity === 'error')
    if (wrong !== undefined) return { kind: 'refused', why: `${wrong.code}: ${wrong.message}` }
    const after = makeBundle(graph, noSources)
    const { changes, destinations, unknown } = compareGraphs(before, after)
    const mistaken = interpreter(graph, noSources, after.hash)
    for (const { witness } of changes) {
      const found = caseOf(witness.message, witness.answers, today, mistaken)
      if (found !== null) return { kind: 'case', case: found }
    }
    if (unknown.length > 0) return { kind: 'none', why: unknown.join('; ') }
    if (changes.length > 0) return { kind: 'none', why: 'only the words of a reply change' }
    if (destinations.length > 0) return { kind: 'none', why: 'it changes where deliveries may connect to' }
    // No mistake is made in what no walk decides.
    return { kind: 'same' }
  }
}

/** `null` when the demands that a test can make hold in both. */
function caseOf(
  written: MessageText,
  answers: Readonly<Record<string, Outcome>>,
  today: Interpreter,
  mistaken: Interpreter,
): Omit<Case, 'suite' | 'place'> | null {
  const whole: Described = {
    ...lineOf(written),
    listener: written.listener,
    client: sound(parseIp(written.client)),
    sender: written.sender === null ? undefined : written.sender === '<>' ? null : sound(parseMailbox(written.sender)),
    recipient: written.recipient === null ? null : sound(parseMailbox(written.recipient)),
    sizeBytes: written.sizeBytes,
    hops: written.hops,
  }
  const all = new Map(Object.entries(answers))
  // What is said of the line, size and hops only where they matter: nobody should have to wonder what they are for.
  for (const message of shorterFirst(whole)) {
    const [ending] = endingsOf(today, message, all)
    if (ending === undefined) continue
    // Nor what is assumed of an oracle that neither graph asks.
    const asked = [ending, ...endingsOf(mistaken, message, all)].flatMap((one) => [...one.answers.keys()])
    const assume = new Map([...all].filter(([oracle]) => asked.includes(oracle)))
    const decider = deciderOf(ending)?.at ?? ''
    const demands = demandsOf(ending, message.recipient === null ? null : mailboxKey(message.recipient))
    const by: Demand[] = decider === '' ? [] : [{ kind: 'by', at: decider }]
    for (const wanted of [demands, [...demands, ...by]]) {
      const found = { name: null, message, assume, demands: wanted }
      const tried = { ...found, suite: '', place: null }
      if (isKilled(mistaken, tried) && !isKilled(today, tried)) return found
    }
  }
  return null
}

function* shorterFirst(whole: Described): Generator<Described> {
  const unsaid: Partial<Described>[] = [bareLine, { ...bareLine, tls: whole.tls }, { helo: null }, {}]
  for (const line of unsaid) {
    const message = { ...whole, ...line }
    yield { ...message, sizeBytes: null, hops: null }
    yield { ...message, hops: null }
    yield message
  }
}

function sound<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`a witness of the analysis: ${result.error}`)
  return result.value
}
