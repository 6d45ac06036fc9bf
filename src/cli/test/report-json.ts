import { join, relative } from 'node:path'
import type { CasePlace, Ending } from '../../analysis/suite-case.ts'
import { percentOf, type Share } from '../../analysis/suite-coverage.ts'
import { assumedOf, type CaseResult } from '../../analysis/suite-run.ts'
import { caseText, deciderOf, demandsText, explainLine, fateText } from '../../analysis/suite-words.ts'
import { pathText } from '../../graph/interpret.ts'
import { boxSentence } from '../plan/box-words.ts'
import type { TextOptions } from './failure-text.ts'
import { suggestionText } from './mutation-text.ts'
import type { Outcome } from './outcome.ts'
import type { TestReport } from './report-schema.ts'

/** A run of tests as data, in the shape of `schemas/test-report.v1.schema.json`. */
export function testReport(
  { results, proofs, smtp, coverage, classes, mutation }: Outcome,
  about: { readonly graph: string; readonly document: string | null; readonly files: readonly string[] },
  options: TextOptions,
): TestReport {
  const shown = (file: string) => relative(options.cwd, file)
  const inDocument = <T extends { readonly file: string | null }>(place: T): T => ({
    ...place,
    file: place.file === null || options.folder === null ? place.file : shown(join(options.folder, place.file)),
  })
  const placed = (place: CasePlace | null) =>
    place === null ? null : { file: shown(place.file), line: place.line, column: place.column }
  const share = ({ all, covered, missing }: Share) => ({ all, covered, missing: missing.map(inDocument) })
  const failed = results.filter(({ verdict }) => verdict.kind !== 'passed').length
  return {
    format: 'mailgw-test/1',
    graph: about.graph,
    document: about.document === null ? null : shown(about.document),
    files: about.files.map(shown),
    passed: results.length - failed,
    failed,
    cases: results.map((result) => ({ ...caseOf(result, options, inDocument), place: placed(result.case.place) })),
    proofs: proofs.map(({ suite, place, proof }) => ({
      suite,
      place: placed(place),
      claim: proof.claim,
      verdict: proof.verdict,
      text: proof.reason,
      explain: proof.witness?.explain ?? null,
    })),
    smtp:
      smtp?.map(({ case: one, kind, text }) => ({
        kind,
        suite: one.suite,
        name: caseText(one),
        place: placed(one.place),
        text,
      })) ?? null,
    coverage:
      coverage === null
        ? null
        : {
            percent: percentOf(coverage),
            elements: share(coverage.elements),
            rows: share(coverage.rows),
            terminals: share(coverage.terminals),
            outcomes: share(coverage.outcomes),
          },
    classes:
      classes === null
        ? null
        : {
            all: classes.all,
            covered: classes.covered,
            missing: classes.missing.map(({ box, text }) => ({ box: boxSentence(box, () => null), text })),
          },
    mutation:
      mutation === null
        ? null
        : {
            mutants: mutation.mutants,
            killed: mutation.mutants - mutation.survivors.length,
            runs: mutation.runs,
            suggested: mutation.suggested,
            survivors: mutation.survivors.map(({ mutant, suggestion, file, line, column }) =>
              inDocument({
                kind: mutant.kind,
                at: mutant.at,
                what: mutant.what,
                suggestion: suggestion === null ? null : { kind: suggestion.kind, text: suggestionText(suggestion) },
                file,
                line,
                column,
              }),
            ),
          },
  }
}

function caseOf(
  result: CaseResult,
  options: TextOptions,
  inDocument: <T extends { readonly file: string | null }>(place: T) => T,
) {
  const { case: one, verdict, endings } = result
  const { listener, client, sender, recipient, sizeBytes, hops } = one.message
  const endingOf = (ending: Ending) => {
    const decided = deciderOf(ending)
    const { fate, answers } = ending
    return {
      answers: Object.fromEntries(answers),
      text: fateText(fate),
      kind: fate.kind,
      stage: fate.kind === 'refused' ? fate.stage : null,
      code: fate.kind === 'refused' ? fate.code : null,
      ...(fate.kind === 'accepted' && fate.tags !== undefined ? { tags: [...fate.tags] } : {}),
      decider:
        decided === null
          ? null
          : inDocument({ at: decided.at, file: decided.file, line: decided.line, column: decided.column }),
    }
  }
  return {
    suite: one.suite,
    name: caseText(one),
    message: {
      listener,
      client,
      sender: sender === undefined ? null : pathText(sender),
      recipient: recipient?.text ?? null,
      sizeBytes,
      hops,
    },
    assume: Object.fromEntries(one.assume),
    assumed: [...assumedOf(result)],
    expect: demandsText(one.demands),
    verdict: verdict.kind,
    oracles: verdict.kind === 'depends' ? [...verdict.oracles] : [],
    endings: endings.map(endingOf),
    explain: explainLine(one, options.explain),
  }
}
