import type { Case } from '../../analysis/suite-case.ts'
import { type CaseResult, runCases } from '../../analysis/suite-run.ts'
import { compile } from '../../compile/compile.ts'
import type { Document } from '../../config/document.ts'
import { interpreter } from '../../graph/interpret.ts'
import { noSources } from '../../graph/sources.ts'
import { isConcerned, partsFinder } from './concerned.ts'
import { deletions, type Mutant, slips } from './mutants.ts'
import { rowsOf, slicer } from './slice.ts'

export type Mutation = {
  readonly mutants: number
  /** Mutants after which every test still passes: what they change could go wrong and nobody would be told. */
  readonly survivors: readonly Mutant[]
  /** How often a test was run again, against the mutants times the tests that trying everything would take. */
  readonly runs: number
}

/** Above this many rows the document is cut down to those that matter to the tests before it is compiled again. */
const defaultSliceAbove = 500

/**
 * Finds the mistakes that no test would notice. Only tests in which a mistake can have a part are run against it: to
 * delete an element that had no part in a test cannot change that test, so this is as exact as to try every mutant
 * with every test. All tests must pass.
 */
export function mutate(
  document: Document,
  results: readonly CaseResult[],
  { sliceAbove = defaultSliceAbove, all = true }: { readonly sliceAbove?: number; readonly all?: boolean } = {},
): Mutation {
  const partsOf = partsFinder(document)
  const parts = results.map(partsOf)
  const cut = rowsOf(document) > sliceAbove ? slicer(results, parts) : null
  const base = cut === null ? document : cut(document)
  const survivors: Mutant[] = []
  let mutants = 0
  let runs = 0
  for (const mutant of all ? [...deletions(document), ...slips(document)] : deletions(document)) {
    mutants++
    const cases = results.filter((result, i) => isConcerned(mutant.concerns, mutant.at, result, parts[i]!))
    if (cases.length === 0) {
      survivors.push(mutant)
      continue
    }
    // What is widened may not have mattered before, and so may not be in the slice.
    const moved = mutant.kind === 'widen' || mutant.kind === 'depth'
    const changed = moved && cut !== null ? cut(mutant.apply(document)) : mutant.apply(base)
    const evaluator = evaluatorOf(changed)
    const killer = cases.find((result) => {
      runs++
      return isKilled(evaluator, result.case)
    })
    if (killer === undefined) survivors.push(mutant)
  }
  return { mutants, survivors, runs }
}

const evaluatorOf = (document: Document) => interpreter(compile(document).graph, noSources, 'mutant')

/** True when the test fails. */
export function isKilled(evaluator: ReturnType<typeof interpreter>, one: Case): boolean {
  return runCases(evaluator, [one])[0]!.verdict.kind !== 'passed'
}

/** The same by trying everything: every mutant is compiled whole, and every test is run against it. */
export function mutateExhaustively(
  document: Document,
  cases: readonly Case[],
  which: Iterable<Mutant>,
): readonly Mutant[] {
  return [...which].filter((mutant) => {
    const evaluator = evaluatorOf(mutant.apply(document))
    return !cases.some((one) => isKilled(evaluator, one))
  })
}
