import { writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { classesOf } from '../../analysis/suite-classes.ts'
import { coverageOf, percentOf } from '../../analysis/suite-coverage.ts'
import { assumedOf, failedOf, runCases } from '../../analysis/suite-run.ts'
import { interpreter } from '../../graph/interpret.ts'
import { assumedText } from '../../graph/oracle.ts'
import { placeFinder } from '../../graph/sources.ts'
import { bundleOf } from '../bundle.ts'
import { CommandError, flag, type Invocation, type Run, textOption } from '../run.ts'
import { caseRow } from '../test/case-row.ts'
import { coverageText } from '../test/coverage-text.ts'
import { failuresText, proofsText, type TextOptions } from '../test/failure-text.ts'
import { casesFromLog } from '../test/from-log.ts'
import { type LoadedTests, loadTests } from '../test/load-cases.ts'
import { mutate } from '../test/mutate.ts'
import { mutationText, shownMistakes } from '../test/mutation-text.ts'
import { isGood, isProved, type Outcome } from '../test/outcome.ts'
import { proveClaims } from '../test/prove-claims.ts'
import { testReport } from '../test/report-json.ts'
import { junit } from '../test/report-junit.ts'
import { smtpText } from '../test/smtp-text.ts'
import { suggester } from '../test/suggest.ts'

export const run: Run = async (invocation) => {
  const { options, terminal } = invocation
  const log = textOption(options, 'fromLog')
  if (log !== null) return fromLog(log, invocation)
  const least = leastCoverage(options)
  const loaded = await loadTests(invocation)
  if (loaded.cases.length + loaded.claims.length === 0) {
    const hint = 'write mailgw.test.ts or mailgw.test.yaml beside the document, or name a file'
    throw new CommandError(`there is no test: ${hint}`)
  }
  const outcome = await outcomeOf(loaded, options)
  const text: TextOptions = {
    cwd: process.cwd(),
    color: terminal.color,
    folder: loaded.file === null ? null : dirname(loaded.file),
    explain: explainOptions(options),
  }
  const file = textOption(options, 'junit')
  if (file !== null) {
    await writeFile(file, junit(outcome, text)).catch((error: Error) => {
      throw new CommandError(`--junit: the report cannot be written: ${error.message}`)
    })
  }
  if (flag(options, 'json')) {
    const report = testReport(outcome, { graph: loaded.bundle.hash, document: loaded.file, files: loaded.files }, text)
    terminal.out(`${JSON.stringify(report, null, 2)}\n`)
  } else terminal.out(outcomeText(outcome, loaded, text))

  if (outcome.coverage === null || least === null || percentOf(outcome.coverage) >= least)
    return isGood(outcome) ? 0 : 1
  terminal.err(`mailgw: tests reach ${percentOf(outcome.coverage)}%, --min-coverage wants ${least}%\n`)
  return 1
}

/** Prints tests, runs none. */
async function fromLog(file: string, { options, terminal }: Invocation): Promise<number> {
  const { graph, sources, hash } = await bundleOf(options, terminal)
  const found = await casesFromLog(file, graph, interpreter(graph, sources, hash))
  terminal.out(found.cases.map((one) => `${caseRow(one)}\n`).join(''))
  const notes = [
    `${found.records} records, ${found.cases.length} ways in which they were decided`,
    ...(found.otherwise > 0 ? [`${found.otherwise} records come to something else under this document`] : []),
    ...(found.unreadable > 0 ? [`${found.unreadable} lines cannot be read as records of this document`] : []),
  ]
  terminal.err(`${notes.join('\n')}\n`)
  return found.cases.length > 0 ? 0 : 1
}

async function outcomeOf(loaded: LoadedTests, options: Invocation['options']): Promise<Outcome> {
  const { graph, sources, hash } = loaded.bundle
  const results = runCases(interpreter(graph, sources, hash), loaded.cases)
  const wantsCoverage = flag(options, 'coverage') || textOption(options, 'minCoverage') !== null
  const suggested = suggestedAtMost(options)
  const wantsMutants = flag(options, 'mutate') || suggested !== null
  return {
    results,
    proofs: proveClaims(loaded.bundle, loaded.claims),
    smtp: flag(options, 'smtp') ? await overSmtp(loaded, results) : null,
    coverage: wantsCoverage ? coverageOf(graph, sources, results) : null,
    classes: flag(options, 'coverage') ? classesOf(graph, results) : null,
    mutation: wantsMutants ? mutationOf(loaded, results, suggested) : null,
  }
}

/** Loaded when it is asked for: without it nothing here opens a socket. */
async function overSmtp({ bundle }: LoadedTests, results: Outcome['results']) {
  const { runOverSmtp } = await import('../test/smtp/run-smtp.ts')
  return runOverSmtp(bundle, results)
}

function mutationOf(
  { document, bundle }: LoadedTests,
  results: Outcome['results'],
  suggested: number | null,
): NonNullable<Outcome['mutation']> {
  if (document === null) throw new CommandError('--mutate makes its mistakes in a document: give one, not a graph')
  if (failedOf(results).length > 0) throw new CommandError('--mutate needs tests that pass: run them without it')
  const { mutants, runs, survivors } = mutate(document, results)
  const placeOf = placeFinder(bundle.sources)
  const suggestionFor = suggested === null ? null : suggester(document)
  return {
    mutants,
    runs,
    suggested: suggested === null ? null : Math.min(suggested, survivors.length),
    // Each compares two whole graphs: for all rows of a large table it would take hours.
    survivors: survivors.map((mutant, index) => {
      const place = placeOf(mutant.at) ?? { file: null, line: 0, column: 0 }
      return { mutant, suggestion: index < (suggested ?? 0) ? suggestionFor!(mutant) : null, ...place }
    }),
  }
}

function outcomeText(outcome: Outcome, { files }: LoadedTests, options: TextOptions): string {
  const { results, proofs, smtp, coverage, classes, mutation } = outcome
  const failed = failedOf(results)
  const unproved = proofs.filter((one) => !isProved(one))
  const parts: string[] = []
  if (failed.length > 0) parts.push(failuresText(failed, options))
  if (unproved.length > 0) parts.push(proofsText(unproved, options))
  if (smtp !== null) parts.push(smtpText(smtp, options))
  if (coverage !== null) parts.push(coverageText(coverage, classes, options))
  if (mutation !== null) parts.push(mutationText(mutation, options))
  const assumed = assumedText([...new Set(results.flatMap(assumedOf))].sort())
  if (assumed !== null) parts.push(`${assumed}\n`)
  parts.push(countText(results.length + proofs.length, failed.length + unproved.length, files.length))
  return parts.join('\n')
}

const countText = (all: number, failed: number, files: number): string =>
  `${all} test${all === 1 ? '' : 's'} in ${files} file${files === 1 ? '' : 's'}, ${failed === 0 ? 'all passed' : `${failed} failed`}\n`

/** What `explain` has to be told to find the same document. */
const explainOptions = (options: Invocation['options']): string[] =>
  (['config', 'graph', 'env'] as const).flatMap((name) => {
    const value = textOption(options, name)
    return value === null ? [] : [`--${name}`, value]
  })

function leastCoverage(options: Invocation['options']): number | null {
  const text = textOption(options, 'minCoverage')
  if (text === null) return null
  if (!/^(?:100|\d{1,2})$/.test(text)) {
    throw new CommandError(`--min-coverage: expected a whole number from 0 to 100, got ${text}`)
  }
  return Number(text)
}

/** For how many mistakes a test is looked for; `null`: for none. */
function suggestedAtMost(options: Invocation['options']): number | null {
  const text = textOption(options, 'suggestAtMost')
  if (text === null) return flag(options, 'suggest') ? shownMistakes : null
  if (!/^[1-9]\d{0,5}$/.test(text)) {
    throw new CommandError(`--suggest-at-most: expected a number of mistakes, such as 100, got ${text}`)
  }
  return Number(text)
}
