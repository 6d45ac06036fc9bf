import type { Classes } from '../../analysis/suite-classes.ts'
import { type Coverage, type Missing, percentOf, type Share } from '../../analysis/suite-coverage.ts'
import { boxSentence } from '../plan/box-words.ts'
import { table } from '../text.ts'
import { placeText, type TextOptions } from './failure-text.ts'

const shownAtMost = 20
const classesAtMost = 10
const noName = () => null

/** The shares, then what no test has reached, by its place in the document. */
export function coverageText(coverage: Coverage, classes: Classes | null, options: TextOptions): string {
  const rows = (Object.entries(coverage) as [string, Share][]).map(([name, { all, covered }]) => [
    name,
    String(covered),
    String(all),
    all === 0 ? '-' : `${Math.floor((covered * 100) / all)}%`,
  ])
  const lines = [table(['coverage', 'reached', 'of', ''], [...rows, ['together', '', '', `${percentOf(coverage)}%`]])]
  // Rows say all that elements do, and more; elements stand for themselves where there is no row.
  const withRows = new Set(coverage.rows.missing.map(({ at }) => at))
  const missing = [
    ...coverage.elements.missing.filter(({ at }) => !withRows.has(at)),
    ...coverage.rows.missing,
    ...coverage.outcomes.missing,
    ...coverage.terminals.missing,
  ]
  if (missing.length > 0) lines.push('no test reaches', ...missing.slice(0, shownAtMost).map(line))
  if (missing.length > shownAtMost) lines.push(`  and ${missing.length - shownAtMost} more (--json has all of them)`)
  if (classes !== null) {
    lines.push('', `${classes.covered} of ${classes.all} kinds of messages that are treated alike are tried`)
    lines.push(
      ...classes.missing.slice(0, classesAtMost).map(({ box, text }) => `  ${boxSentence(box, noName)}: ${text}`),
    )
    const rest = classes.missing.length - classesAtMost
    if (rest > 0) lines.push(`  and ${rest} more (--json has all of them)`)
  }
  return `${lines.join('\n')}\n`

  function line(one: Missing): string {
    const place = one.at === '' ? '' : placeText(one, options)
    return `  ${[one.what ?? '', place].filter((part) => part !== '').join('  ')}`
  }
}
