import { dirname, join } from 'node:path'
import type picocolors from 'picocolors'
import { type Cause, type Change, type Move, toldMoves } from '../../analysis/change-set.ts'
import { oneLine } from '../text.ts'
import { moverWords } from './box-words.ts'
import { differInTls, isReplyAlone, moveSideWords } from './change-words.ts'
import type { Plan } from './plan.ts'

type Paint = ReturnType<typeof picocolors.createColors>

export const labelWidth = 11

/**
 * From what to what, and why. One pair stands as two rows; several as a list, most frequent first, each with those who
 * make it; moves with the same causes stand together, above these.
 */
export function moveLines(plan: Plan, change: Change, paint: Paint): string[] {
  const { kind, moves, causes } = change
  const main = kind === 'text' ? moves : moves.filter((move) => !isReplyAlone(move))
  const isTlsSaid = differInTls(plan.changeSet.changes)
  const [first, ...rest] = main
  if (first !== undefined && rest.length === 0) {
    return [
      `${labelled('until now', paint)}${paint.red(oneLine(moveSideWords(first, 'from', isTlsSaid)))}`,
      `${labelled('from now', paint)}${paint.green(oneLine(moveSideWords(first, 'to', isTlsSaid)))}`,
      ...causeLines(plan, causes, paint),
    ]
  }
  const groups = new Map<string, { readonly causes: readonly Cause[]; readonly moves: Move[] }>()
  for (const move of main.slice(0, toldMoves)) {
    const own = move.causes ?? causes
    const key = JSON.stringify(own)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { causes: own, moves: [move] })
    else group.moves.push(move)
  }
  const lines = [...groups.values()].flatMap((group) => [
    ...group.moves.map((move, i) => `${labelled(i === 0 ? 'moves' : '', paint)}${moverLine(move, isTlsSaid, paint)}`),
    ...causeLines(plan, group.causes, paint),
  ])
  const hidden = main.length - toldMoves
  return hidden > 0 ? [...lines, `${labelled('', paint)}${paint.dim(`and ${hidden} more such moves`)}`] : lines
}

function moverLine(move: Move, isTlsSaid: boolean, paint: Paint): string {
  const { classes, recipients } = move
  if (recipients !== undefined) return `${oneLine(moverWords(recipients))}: ${arrow(move, isTlsSaid, paint)}`
  return `${arrow(move, isTlsSaid, paint)}${paint.dim(`  (${classes} ${classes === 1 ? 'group' : 'groups'} of recipients)`)}`
}

const besidesShown = 3

/**
 * What is refused before and after, such as mail that goes in circles, only reads another reply: it stands behind all that
 * really changes.
 */
export function besideLines({ kind, moves }: Change, paint: Paint): string[] {
  const besides = kind === 'text' ? [] : moves.filter(isReplyAlone)
  const lines = besides
    .slice(0, besidesShown)
    .map((move, i) => `${labelled(i === 0 ? 'besides' : '', paint)}${replies(move, paint)}`)
  const hidden = besides.length - lines.length
  return hidden > 0 ? [...lines, `${labelled('', paint)}${paint.dim(`and ${hidden} more replies`)}`] : lines
}

const labelled = (label: string, paint: Paint): string => paint.dim(label.padEnd(labelWidth))

/** Refused both times, which is said once. */
const replies = ({ from, to }: Move, paint: Paint): string =>
  `${paint.red(oneLine(from))} -> ${paint.green(oneLine(to.replace(/^refused /, '')))}`

const arrow = (move: Move, isTlsSaid: boolean, paint: Paint): string =>
  `${paint.red(oneLine(moveSideWords(move, 'from', isTlsSaid)))} -> ${paint.green(oneLine(moveSideWords(move, 'to', isTlsSaid)))}`

const causesShown = 6

/** The rows of the documents that decide: what stood there before, what stands there now. */
export function causeLines(plan: Plan, causes: readonly Cause[], paint: Paint): string[] {
  const lines = causes.slice(0, causesShown).map((cause, i) => {
    const { side, at, file, line, column } = cause
    const where = file === null ? '' : ` ${placeOf(plan, side, file)}:${line}:${column}`
    const text = plan.lines.find((one) => one.side === side && one.file === file && one.line === line)?.text.trim()
    const sign = side === 'before' ? paint.red('-') : paint.green('+')
    const shown = text === undefined || text === '' ? oneLine(at) : cut(oneLine(text))
    return `${paint.dim((i === 0 ? 'because' : '').padEnd(labelWidth))}${sign} ${shown}  ${paint.cyan(oneLine(where.trim()))}`
  })
  const hidden = causes.length - lines.length
  if (hidden > 0) lines.push(`${' '.repeat(labelWidth)}${paint.dim(`and ${hidden} more places`)}`)
  return lines
}

const cut = (text: string): string => (text.length <= 100 ? text : `${text.slice(0, 97)}...`)

/** A file of a bundle is named from the document's folder; a reader stands at the repository's root. */
function placeOf(plan: Plan, side: 'before' | 'after', file: string): string {
  const { document } = side === 'before' ? plan.base : plan.next
  return document === null ? file : join(dirname(document), file)
}
