import { behaviourOf, type Decided } from '../graph/behaviour.ts'
import type { Bundle } from '../graph/bundle.ts'
import type { Described } from '../graph/explanation.ts'
import type { Outcome } from '../graph/graph.ts'
import { type Interpreter, interpreter, pathText } from '../graph/interpret.ts'
import { lineOptions, messageText } from '../graph/message-text.ts'
import { type Place, placeFinder } from '../graph/sources.ts'
import { narrowed } from './narrow.ts'
import type { Finding, Witness } from './proof.ts'
import type { Region, Space } from './prove-space.ts'

/** A graph to be proved something of, with what every proof needs of it. */
export type Subject = {
  readonly bundle: Bundle
  readonly interpreter: Interpreter
  readonly placeOf: (at: string) => Place | null
}

export function subjectOf(bundle: Bundle): Subject {
  return {
    bundle,
    interpreter: interpreter(bundle.graph, bundle.sources, bundle.hash),
    placeOf: placeFinder(bundle.sources),
  }
}

export function findingAt({ placeOf }: Subject, at: string, message: string): Finding {
  const place = placeOf(at)
  return { at, file: place?.file ?? null, line: place?.line ?? 0, column: place?.column ?? 0, message }
}

/** One message of a region, and what DNS lists answer about it. */
export function messageOf(space: Space, region: Region): { message: Described; answers: Map<string, Outcome> } {
  const over = (cuts: readonly number[], range: number) => (range === 0 ? null : cuts[range - 1]! + 1)
  return {
    message: {
      tls: region.tls[0] === 1,
      certificate: space.name('certificate', region.certificate[0]!),
      login: space.name('login', region.login[0]!),
      helo: space.name('helo', region.helo[0]!),
      listener: space.listeners[region.listener[0]!]!,
      client: space.client(region.client[0]!),
      sender: space.sender(region.sender[0]!),
      recipient: space.recipient(region.recipient[0]!),
      sizeBytes: over(space.sizeCuts, region.size[0]!),
      hops: over(space.hopCuts, region.hops[0]!),
    },
    // What people expect of a list that is not asked about: nothing.
    answers: new Map(
      [...region.oracles].map(([oracle, said]) => [oracle, said.includes('clear') ? 'clear' : said[0]!]),
    ),
  }
}

/**
 * A message of the region as evidence. The plain interpreter is asked, and must say what the proof says: anything else is
 * a fault in the proof, and no evidence at all.
 */
export function witnessOf(
  subject: Subject,
  space: Space,
  region: Region,
  agrees: (decided: Decided) => boolean,
): Witness {
  const { message, answers } = messageOf(space, region)
  const { graph, sources, hash } = subject.bundle
  // The plain interpreter reads every row at each question: those that cannot match are kept from it.
  const asked = interpreter(narrowed(graph, [message]), sources, hash)
  const decided = behaviourOf(asked, message, answers)
  if (decided.kind !== 'decided' || !agrees(decided)) {
    throw new Error(`the proof and the interpreter disagree about ${JSON.stringify(messageText(message))}`)
  }
  const met = answersMet({ ...subject, interpreter: asked }, message, answers)
  return {
    message: messageText(message),
    answers: Object.fromEntries(met),
    behaviour: decided.behaviour,
    deciders: decided.deciders,
    explain: explainLine(message, met),
  }
}

/** The answers that make a difference: those that the message meets. */
export function answersMet(
  { interpreter }: Subject,
  message: Described,
  answers: ReadonlyMap<string, Outcome>,
): Map<string, Outcome> {
  const met = new Map<string, Outcome>()
  for (;;) {
    const decided = behaviourOf(interpreter, message, met)
    if (decided.kind === 'decided') return met
    met.set(decided.oracle, answers.get(decided.oracle) ?? 'clear')
  }
}

/** The command line that explains this message, ready for a shell. */
export function explainLine(message: Described, answers: ReadonlyMap<string, Outcome>): string {
  const words = ['mailgw', 'explain', '--listener', message.listener, '--client', message.client]
  words.push(...lineOptions(message))
  if (message.sender !== undefined) words.push('--from', pathText(message.sender))
  if (message.recipient !== null) words.push('--to', message.recipient.text)
  if (message.sizeBytes !== null) words.push('--size', `${message.sizeBytes}B`)
  if (message.hops !== null) words.push('--hops', String(message.hops))
  for (const [oracle, outcome] of answers) words.push('--assume', `${oracle}=${outcome}`)
  return words.map((word) => (/^[\w@.:/=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ')
}
