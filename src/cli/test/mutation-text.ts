import { caseRow } from './case-row.ts'
import { placeText, type TextOptions } from './failure-text.ts'
import type { Outcome } from './outcome.ts'
import type { Suggestion } from './suggest.ts'

const shownAtMost = 40

/** How many mistakes the tests would notice, and those that they would not. */
export function mutationText(
  { mutants, runs, survivors }: NonNullable<Outcome['mutation']>,
  options: TextOptions,
): string {
  const killed = mutants - survivors.length
  const lines = [`${killed} of ${mutants} mistakes would be noticed (${runs} test${runs === 1 ? '' : 's'} run again)`]
  if (survivors.length > 0) lines.push('no test would notice')
  for (const { mutant, suggestion, file, line, column } of survivors.slice(0, shownAtMost)) {
    lines.push(`  ${placeText({ at: mutant.at, file, line, column }, options)}: ${mutant.what}`)
    if (suggestion !== null) lines.push(`    ${suggestionText(suggestion)}`)
  }
  if (survivors.length > shownAtMost)
    lines.push(`  and ${survivors.length - shownAtMost} more (--json has all of them)`)
  return `${lines.join('\n')}\n`
}

/** A row to paste into a table of tests, or why there is none. */
export function suggestionText(suggestion: Suggestion): string {
  switch (suggestion.kind) {
    case 'case':
      return caseRow(suggestion.case)
    case 'same':
      return 'changes nothing for any message'
    case 'refused':
      return `is refused by check: ${suggestion.why}`
    case 'none':
      return `cannot be told by a test: ${suggestion.why}`
  }
}
