import { join, relative } from 'node:path'
import picocolors from 'picocolors'
import type { Decider, Ending } from '../../analysis/suite-case.ts'
import type { CaseResult } from '../../analysis/suite-run.ts'
import { caseText, deciderOf, demandsText, explainLine, fateText } from '../../analysis/suite-words.ts'
import { excerptOf, type LinesOf, linesFromDisk } from '../../config/render-excerpt.ts'
import { fileName } from '../../config/render-terminal.ts'
import { visible } from '../../config/render-text.ts'
import { behaviourText } from '../../graph/behaviour.ts'
import type { ProvedClaim } from './outcome.ts'

export type TextOptions = {
  readonly cwd: string
  readonly color: boolean
  /** Folder of the document: places in it are relative to that. `null` for a graph without one. */
  readonly folder: string | null
  /** What `mailgw explain` needs to find the same document: `['--config', 'x.ts']`. */
  readonly explain: readonly string[]
}

/** What a person needs of a test that failed: where it is, what was expected, what comes, who decides, how to see it all. */
export function failuresText(failed: readonly CaseResult[], options: TextOptions): string {
  const linesOf = linesFromDisk()
  return failed.map((result) => failureText(result, options, linesOf)).join('\n')
}

function failureText(result: CaseResult, options: TextOptions, linesOf: LinesOf): string {
  const { place, suite } = result.case
  return blockText(
    { head: `${suite}: ${caseText(result.case)}`, place, fields: failureFields(result, options) },
    options,
    linesOf,
  )
}

/** The claims that do not hold for every message, like tests that failed. */
export function proofsText(failed: readonly ProvedClaim[], options: TextOptions): string {
  const linesOf = linesFromDisk()
  return failed
    .map(({ suite, place, proof }) => {
      const { claim, verdict, reason, witness } = proof
      const fields: (readonly [string, string])[] = [
        ['expected', claim],
        ['got', `${verdict}: ${reason}`],
      ]
      if (witness !== null) fields.push(['witness', behaviourText(witness.behaviour)], ['explain', witness.explain])
      return blockText({ head: `${suite}: a claim about all messages`, place, fields }, options, linesOf)
    })
    .join('\n')
}

type Block = {
  readonly head: string
  readonly place: CaseResult['case']['place']
  readonly fields: readonly (readonly [name: string, text: string])[]
}

function blockText({ head, place, fields }: Block, options: TextOptions, linesOf: LinesOf): string {
  const paint = picocolors.createColors(options.color)
  const lines = [`${paint.bold(paint.red('FAIL'))} ${paint.bold(visible(head))}`]
  if (place !== null) {
    lines.push(`  ${paint.dim('-->')} ${visible(fileName(place.file, options.cwd))}:${place.line}:${place.column}`)
    const excerpt = excerptOf(place, linesOf)
    if (excerpt !== null) {
      lines.push(`${paint.dim(`${String(place.line).padStart(4)} |`)} ${excerpt.line}`)
      lines.push(`     ${paint.dim('|')} ${' '.repeat(excerpt.caretAt)}${paint.red('^'.repeat(excerpt.caretLength))}`)
    }
  }
  const field = (name: string, text: string) => lines.push(`  ${paint.dim(name.padEnd(9))} ${visible(text)}`)
  for (const [name, text] of fields) field(name, text)
  return `${lines.join('\n')}\n`
}

/** The lines of a failure below its place: name and text each. */
export function failureFields(result: CaseResult, options: TextOptions): (readonly [name: string, text: string])[] {
  const { verdict } = result
  const fields: (readonly [string, string])[] = [['expected', demandsText(result.case.demands)]]
  if (verdict.kind === 'failed') {
    fields.push(['got', fateText(verdict.ending.fate)], ['decided', decidedText(verdict.ending, options)])
    if (verdict.demands.length < result.case.demands.length) fields.push(['broken', demandsText(verdict.demands)])
  }
  if (verdict.kind === 'depends') {
    fields.push(['got', `depends on ${verdict.oracles.join(' and ')}; assume it`])
    for (const [text, answers] of grouped(verdict.endings))
      fields.push([answers.length > 1 ? 'if either' : 'if', `${answers.join(', or ')}: ${text}`])
  }
  if (verdict.kind !== 'passed') fields.push(['explain', explainLine(result.case, options.explain)])
  return fields
}

/** Endings by what comes of the message, each with the answers that lead there. */
function grouped(endings: readonly Ending[]): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const { fate, answers } of endings) {
    const text = fateText(fate)
    const said = [...answers].map(([oracle, outcome]) => `${oracle}=${outcome}`).join(' ')
    groups.set(text, [...(groups.get(text) ?? []), said])
  }
  return groups
}

function decidedText(ending: Ending, options: TextOptions): string {
  const decider = deciderOf(ending)
  return decider === null ? 'nothing that the document says' : placeText(decider, options)
}

export function placeText({ at, file, line, column }: Omit<Decider, 'stage'>, { cwd, folder }: TextOptions): string {
  if (file === null) return at === '' ? 'nothing that the document says' : at
  const path = folder === null ? file : relative(cwd, join(folder, file))
  return `${at} at ${path}:${line}:${column}`
}
