import type { Evaluator } from '../graph/evaluator.ts'
import type { Interpreter } from '../graph/interpret.ts'
import { takenToSay } from '../graph/oracle.ts'
import type { Case } from './suite-case.ts'
import { endingsOf, type Traced } from './suite-endings.ts'
import { type Verdict, verdictOf } from './suite-verdict.ts'

export type CaseResult = {
  readonly case: Case
  readonly verdict: Verdict
  readonly endings: readonly Traced[]
}

/** Runs each case on its own: no case can see another one. */
export function runCases(evaluator: Interpreter | Evaluator, cases: readonly Case[]): readonly CaseResult[] {
  return cases.map((one) => {
    const endings = endingsOf(evaluator, one.message, one.assume)
    return { case: one, verdict: verdictOf(one, endings), endings }
  })
}

/** The oracles that were asked for this case, that it says nothing of, and that were taken to be as they usually are. */
export function assumedOf({ case: { assume }, endings }: CaseResult): readonly string[] {
  const asked = new Set(endings.flatMap(({ answers }) => [...answers.keys()]))
  return [...asked].filter((oracle) => !assume.has(oracle) && takenToSay(oracle) !== null).sort()
}

export const failedOf = (results: readonly CaseResult[]): readonly CaseResult[] =>
  results.filter(({ verdict }) => verdict.kind !== 'passed')
