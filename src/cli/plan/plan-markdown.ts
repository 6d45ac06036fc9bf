import picocolors from 'picocolors'
import type { Change } from '../../analysis/change-set.ts'
import { oneLine } from '../text.ts'
import { countsOf, isDangerous, kinds, kindWords, subject } from './change-words.ts'
import { exitCodeOf, type Plan } from './plan.ts'
import { changeBody, destinationLines, networkNames, settingLines, sideWords, sumLines } from './plan-text.ts'

const plain = picocolors.createColors(false)

/** GitHub refuses a comment of more than 65,536 characters; whoever posts it adds a little of his own. */
export const maxMarkdown = 60_000

/** Finds the comment again, so that a pull request has one and not one for each push. `name` tells documents apart. */
export const marker = (name: string): string => `<!-- mailgw plan ${name.replace(/[^\w./-]/g, '_').slice(0, 200)} -->`

/**
 * A plan as the comment of a pull request. Everything that a document says stands in code, so that it can neither mention
 * people nor make links. What is too long loses the least dangerous changes first, and says how many.
 */
export function planMarkdown(plan: Plan, limit = maxMarkdown): string {
  const { changes } = plan.changeSet
  const sections = changes.map((_, i) => changeSection(plan, i))
  const head = headSection(plan)
  const rest = restSection(plan)
  let kept = sections.length
  let length = [head, ...sections, rest].reduce((sum, text) => sum + text.length, 0)
  const fits = () => length + cutLine(changes, kept).length <= limit
  while (kept > 0 && !fits()) length -= sections[--kept]!.length
  const whole = [head, ...sections.slice(0, kept), cutLine(changes, kept), rest].join('')
  if (whole.length <= limit) return whole
  // Only a long list of settings, proofs or failed tests gets here: the head says what happened.
  const note = '\n\nThe rest is too long for a comment; `mailgw plan show` prints it.\n'
  return `${head}${cutLine(changes, 0)}${fenced(cutText(rest, limit - head.length - cutLine(changes, 0).length - 400))}${note}`
}

function headSection(plan: Plan): string {
  const { base, next, changeSet } = plan
  const { changes, destinations, settings, unknown } = changeSet
  const counts = countsOf(changes).map(([kind, count]) => `${count} ${kindWords[kind].name}`)
  const title =
    changes.length > 0
      ? counts.join(', ')
      : unknown.length > 0
        ? 'not everything could be decided'
        : destinations.length > 0
          ? 'deliveries change'
          : settings.length > 0
            ? 'no decision changes, settings do'
            : 'nothing changes'
  const mark = exitCodeOf(plan) === 1 ? ' :x:' : changes.some(({ kind }) => isDangerous(kind)) ? ' :warning:' : ''
  return [
    marker(next.document ?? next.name),
    `### mailgw plan: ${title}${mark}`,
    '',
    `From ${code(sideWords(base))} to ${code(sideWords(next))}.`,
    '',
    '',
  ].join('\n')
}

function changeSection(plan: Plan, index: number): string {
  const change = plan.changeSet.changes[index]!
  const mark = isDangerous(change.kind) ? ':warning: ' : ''
  const title = `**${index + 1}. ${mark}${kindWords[change.kind].name}:** ${code(subject(change, networkNames(plan)))}`
  return `${title}\n\n${fenced(changeBody(plan, index, plain).join('\n'))}\n`
}

function cutLine(changes: readonly Change[], kept: number): string {
  const cut = changes.slice(kept)
  if (cut.length === 0) return ''
  const counts = kinds.flatMap((kind) => {
    const count = cut.filter((change) => change.kind === kind).length
    return count === 0 ? [] : [`${count} ${kindWords[kind].name}`]
  })
  return `**${cut.length} of ${changes.length} changes are not shown here** (${counts.join(', ')}): the comment would be too long. \`mailgw plan show\` prints all of them from the plan file.\n\n`
}

function restSection(plan: Plan): string {
  const { settings, unknown } = plan.changeSet
  const lines = [
    ...plan.changeSet.destinations.flatMap((_, i) => [...destinationLines(plan, i, plain), '']),
    ...(settings.length === 0 ? [] : [...settingLines(plan.changeSet, plain), '']),
    ...(unknown.length === 0 ? [] : ['NOT DECIDED', ...unknown.map((text) => `   ${oneLine(text)}`), '']),
    ...sumLines(plan, plain),
  ]
  return `${fenced(lines.join('\n'))}\n`
}

/** A code block whose fence is longer than any run of backticks in it. */
export function fenced(text: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1))
  return `${fence}text\n${text}\n${fence}\n`
}

function code(text: string): string {
  const fence = '`'.repeat(longestRun(text) + 1)
  const space = text.startsWith('`') || text.endsWith('`') ? ' ' : ''
  return `${fence}${space}${oneLine(text)}${space}${fence}`
}

const longestRun = (text: string): number => Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))

const cutText = (text: string, length: number): string => text.slice(0, Math.max(0, length))
