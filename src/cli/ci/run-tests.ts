import { dirname } from 'node:path'
import type { Case } from '../../analysis/suite-case.ts'
import { failedOf, runCases } from '../../analysis/suite-run.ts'
import { ConfigError, type Diagnostic } from '../../config/diagnostic.ts'
import { loadSuite, testsBeside } from '../../config/load-suite.ts'
import type { Bundle } from '../../graph/bundle.ts'
import { interpreter } from '../../graph/interpret.ts'
import type { PlanTests } from '../plan/plan.ts'
import { failuresText } from '../test/failure-text.ts'
import { knownOf, readCases } from '../test/read-cases.ts'

export type RanTests = {
  /** `null`: there are none beside the document. */
  readonly tests: PlanTests | null
  /** All that `mailgw test` prints of those that failed. */
  readonly text: string
}

/** Runs the tests that stand beside a document. Throws `ConfigError` when they cannot be read. */
export async function runTests(
  document: string,
  { graph, sources, hash }: Bundle,
  explain: readonly string[],
  color: boolean,
): Promise<RanTests> {
  const files = testsBeside(document)
  if (files.length === 0) return { tests: null, text: '' }
  const known = knownOf(graph)
  const cases: Case[] = []
  const diagnostics: Diagnostic[] = []
  for (const file of files) {
    const read = readCases(await loadSuite(file), known)
    cases.push(...read.cases)
    diagnostics.push(...read.diagnostics)
  }
  if (diagnostics.some(({ severity }) => severity === 'error')) throw new ConfigError(diagnostics)
  const results = runCases(interpreter(graph, sources, hash), cases)
  const failed = failedOf(results)
  const text = failuresText(failed, { cwd: process.cwd(), color: false, folder: dirname(document), explain })
  return {
    tests: {
      passed: results.length - failed.length,
      failed: failed.length,
      failures: failed.length === 0 ? [] : text.trimEnd().split('\n'),
    },
    text: color ? failuresText(failed, { cwd: process.cwd(), color, folder: dirname(document), explain }) : text,
  }
}
