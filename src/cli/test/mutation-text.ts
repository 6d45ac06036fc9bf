import { caseRow } from './case-row.ts'
import { placeText, type TextOptions } from './failure-text.ts'
import type { Outcome } from './outcome.ts'
import type { Suggestion } from './suggest.ts'

/** Of more, the first; and for as many a test is looked for. */
export const shownMistakes = 40

/** How many mistakes the tests would notice, and those that they would not. */
export function mutationText(
  { mutants, runs, survivors, suggested }: NonNullable<Outcome['mutation']>,
  options: TextOptions,
): string {
  const killed = mutants - survivors.length
  const lines = [`${killed} of ${mutants} mistakes would be noticed (${runs} test${runs === 1 ? '' : 's'} run again)`]
  if (survivors.length > 0) lines.push('no test would notice')
  const shown = Math.max(shownMistakes, suggested ?? 0)
  for (const { mutant, suggestion, file, line, column } of survivors.slice(0, shown)) {
    lines.push(`  ${placeText({ at: mutant.at, file, line, column }, options)}: ${mutant.what}`)
    if (suggestion !== null) lines.push(`    ${suggestionText(suggestion)}`)
  }
  if (survivors.length > shown) lines.push(`  and ${survivors.length - shown} more (--json has all of them)`)
  if (suggested !== null && suggested < survivors.length) {
    const left = survivors.length - suggested
    lines.push(
      `tests were looked for to the first ${suggested}, not to ${left} more: --suggest-at-most ${survivors.length} does`,
    )
  }
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
