import { placeText, type TextOptions } from './failure-text.ts'
import type { Outcome } from './outcome.ts'

const shownAtMost = 40

/** How many mistakes the tests would notice, and those that they would not. */
export function mutationText(
  { mutants, runs, survivors }: NonNullable<Outcome['mutation']>,
  options: TextOptions,
): string {
  const killed = mutants - survivors.length
  const lines = [`${killed} of ${mutants} mistakes would be noticed (${runs} tests run again)`]
  if (survivors.length > 0) lines.push('no test would notice')
  for (const { mutant, suggestion, file, line, column } of survivors.slice(0, shownAtMost)) {
    lines.push(`  ${placeText({ at: mutant.at, file, line, column }, options)}: ${mutant.what}`)
    if (suggestion !== null) lines.push(`    ${suggestion}`)
  }
  if (survivors.length > shownAtMost)
    lines.push(`  and ${survivors.length - shownAtMost} more (--json has all of them)`)
  return `${lines.join('\n')}\n`
}
