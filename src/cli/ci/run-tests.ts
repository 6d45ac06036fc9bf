import { dirname } from 'node:path'
import { failedOf, runCases } from '../../analysis/suite-run.ts'
import { ConfigError } from '../../config/diagnostic.ts'
import { testsBeside } from '../../config/load-suite.ts'
import type { Bundle } from '../../graph/bundle.ts'
import { interpreter } from '../../graph/interpret.ts'
import type { PlanTests } from '../plan/plan.ts'
import { failuresText, proofsText } from '../test/failure-text.ts'
import { readTests } from '../test/load-cases.ts'
import { isProved } from '../test/outcome.ts'
import { proveClaims } from '../test/prove-claims.ts'

export type RanTests = {
  /** `null`: there are none beside the document. */
  readonly tests: PlanTests | null
  /** All that `mailgw test` prints of those that failed. */
  readonly text: string
}

/** Runs the tests that stand beside a document, and proves what they claim. Throws `ConfigError` when they cannot be read. */
export async function runTests(
  document: string,
  bundle: Bundle,
  explain: readonly string[],
  color: boolean,
): Promise<RanTests> {
  const files = testsBeside(document)
  if (files.length === 0) return { tests: null, text: '' }
  const { cases, claims, diagnostics } = await readTests(files, bundle)
  if (diagnostics.some(({ severity }) => severity === 'error')) throw new ConfigError(diagnostics)
  const results = runCases(interpreter(bundle.graph, bundle.sources, bundle.hash), cases)
  const proofs = proveClaims(bundle, claims)
  const failed = failedOf(results)
  const unproved = proofs.filter((one) => !isProved(one))
  const bad = failed.length + unproved.length
  const textIn = (color: boolean): string => {
    const options = { cwd: process.cwd(), color, folder: dirname(document), explain }
    return [failuresText(failed, options), proofsText(unproved, options)].filter((part) => part !== '').join('\n')
  }
  return {
    tests: {
      passed: results.length + proofs.length - bad,
      failed: bad,
      failures: bad === 0 ? [] : textIn(false).trimEnd().split('\n'),
    },
    text: textIn(color),
  }
}
