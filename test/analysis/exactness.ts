import { compareGraphs } from '../../src/analysis/compare.ts'
import { oraclesOf } from '../../src/analysis/prove-question.ts'
import { offersLogin } from '../../src/graph/admission.ts'
import { behaviourOf, sameBehaviour } from '../../src/graph/behaviour.ts'
import { boxHolds } from '../../src/graph/box.ts'
import { interpreter } from '../../src/graph/interpret.ts'
import { randomOf } from './random-line.ts'
import { type Question, randomMessage, randomPair } from './random-pairs.ts'

export type Tally = {
  pairs: number
  /** Pairs of which a document was wrong: nothing to compare. */
  skipped: number
  messages: number
  /** Messages that behave differently. */
  changed: number
  boxes: number
  mostBoxes: number
}

export const noTally = (): Tally => ({ pairs: 0, skipped: 0, messages: 0, changed: 0, boxes: 0, mostBoxes: 0 })

/**
 * Compares one random pair, and asks the plain interpreter about `count` messages: each behaves differently exactly when
 * it lies in a reported box, and lies in one at most. Gives what is wrong, or `null`. (That every witness reproduces is
 * held by `compareGraphs` itself, which throws.)
 */
export function exactnessOf(seed: number, count: number, tally: Tally): string | null {
  const pair = randomPair(seed)
  if (pair === null) {
    tally.skipped++
    return null
  }
  tally.pairs++
  const { before, after } = pair
  const set = compareGraphs(before, after)
  if (set.unknown.length > 0) return `unknown: ${set.unknown.join(', ')}`
  tally.boxes += set.changes.length
  tally.mostBoxes = Math.max(tally.mostBoxes, set.changes.length)
  const plain = [before, after].map((bundle) => interpreter(bundle.graph, bundle.sources, bundle.hash))
  const oracles = [...new Set([...oraclesOf(before.graph), ...oraclesOf(after.graph)])]
  const takesLogins = [before, after].some(({ graph }) => offersLogin(graph.control))
  const random = randomOf(seed ^ 0x5bd1e995)
  const differs = ({ message, answers }: Question): boolean => {
    const [from, to] = plain.map((one) => behaviourOf(one, message, answers))
    if (from?.kind !== 'decided' || to?.kind !== 'decided') throw new Error('an oracle has no answer')
    return !sameBehaviour(from.behaviour, to.behaviour)
  }
  for (let i = 0; i < count; i++) {
    const drawn = randomMessage(random, oracles)
    // Where neither takes logins nobody logs in.
    const question = takesLogins ? drawn : { ...drawn, message: { ...drawn.message, login: null } }
    const holding = set.changes.filter(({ box }) => boxHolds(box, question.message, question.answers))
    const isChanged = differs(question)
    tally.messages++
    if (isChanged) tally.changed++
    if (holding.length === (isChanged ? 1 : 0)) continue
    const said = JSON.stringify({ ...question.message, answers: Object.fromEntries(question.answers) })
    return `${said} ${isChanged ? 'changes' : 'does not change'} and lies in ${holding.length} boxes: ${JSON.stringify(
      holding.map(({ kind, box }) => ({ kind, box })),
    )}`
  }
  return null
}
