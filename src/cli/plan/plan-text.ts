import { dirname, join } from 'node:path'
import picocolors from 'picocolors'
import { type Cause, type Change, type ChangeSet, type Move, toldMoves } from '../../analysis/change-set.ts'
import { oneLine } from '../text.ts'
import { boxRows, clientWords, moverWords, type NetworkName } from './box-words.ts'
import {
  countsOf,
  explainLine,
  isDangerous,
  isReplyAlone,
  kindWords,
  messageWords,
  moveWords,
  subject,
  witnessWords,
} from './change-words.ts'
import { overlayLines } from './overlays.ts'
import { exitCodeOf, type Plan, type PlanSide } from './plan.ts'
import { proofLines, queueLines, replayLines, testLines, trafficWords } from './sum-text.ts'

type Paint = ReturnType<typeof picocolors.createColors>

/** A plan for a person at a terminal: what changes for which mail, most dangerous first, then what does not. */
export function planText(plan: Plan, color: boolean): string {
  const paint = picocolors.createColors(color)
  const { changes, settings, unknown } = plan.changeSet
  const blocks = [
    headLines(plan, paint),
    ...changes.map((_, i) => changeLines(plan, i, paint)),
    ...plan.changeSet.destinations.map((_, i) => destinationLines(plan, i, paint)),
    settings.length === 0 ? [] : settingLines(plan.changeSet, paint),
    unknown.length === 0 ? [] : [paint.bold(paint.red('NOT DECIDED')), ...unknown.map((text) => `   ${oneLine(text)}`)],
    sumLines(plan, paint),
  ]
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

export function sideWords({ kind, name, commit, changed, document }: PlanSide): string {
  const short = commit === null ? '' : commit.slice(0, 10)
  const what = oneLine(document ?? name)
  switch (kind) {
    case 'running':
      return 'what the gateway runs now'
    case 'revision':
      return `${what} at ${oneLine(name)}${short === '' || short.startsWith(name) ? '' : ` (${short})`}`
    case 'document':
      return `${what}${short === '' ? '' : changed ? ` (changed since ${short})` : ` (${short})`}`
    case 'graph':
      return oneLine(name)
  }
}

function headLines({ base, next, changeSet }: Plan, paint: Paint): string[] {
  const lines = [
    `${paint.bold('plan')}   from ${sideWords(base)}  ${paint.dim(base.hash.slice(0, 15))}`,
    `         to ${sideWords(next)}  ${paint.dim(next.hash.slice(0, 15))}`,
  ]
  const { changes, settings, destinations, unknown } = changeSet
  if (changes.length > 0) {
    lines.push('', paint.bold(`${changes.length} ${changes.length === 1 ? 'change' : 'changes'} for mail`))
    for (const [kind, count] of countsOf(changes)) {
      const name = isDangerous(kind) ? paint.bold(paint.red(kindWords[kind].name)) : kindWords[kind].name
      lines.push(`  ${String(count).padStart(4)}  ${name}`)
    }
  } else if (unknown.length + destinations.length === 0) {
    lines.push('', paint.bold(settings.length > 0 ? 'No decision changes.' : 'Nothing changes.'))
  }
  return lines
}

/** One change: its heading and its rows. */
export function changeLines(plan: Plan, index: number, paint: Paint): string[] {
  const change = plan.changeSet.changes[index]!
  const nameOf = networkNames(plan)
  const words = kindWords[change.kind]
  const label = isDangerous(change.kind) ? `DANGER: ${words.name}` : words.name
  const strong = isDangerous(change.kind) ? paint.red : change.kind === 'text' ? paint.dim : paint.yellow
  return [
    `${paint.bold(strong(`${index + 1}. ${label}:`))} ${paint.bold(oneLine(subject(change, nameOf)))}`,
    ...changeBody(plan, index, paint).map((line) => `   ${line}`.trimEnd()),
  ]
}

/** What stands below a change's heading, without indent; also what a pull request shows of it. */
export function changeBody(plan: Plan, index: number, paint: Paint): string[] {
  const change = plan.changeSet.changes[index]!
  const { witness } = change
  const traffic = trafficWords(plan, index)
  const explain = explainLine(witness, sourceOf(plan.next))
  const row = (label: string, text: string) => `${paint.dim(label.padEnd(labelWidth))}${oneLine(text)}`
  if (change.kind === 'text') {
    return [...moveLines(change, paint), ...causeLines(plan, change.causes, paint), row('see', explain)]
  }
  return [
    kindWords[change.kind].means,
    ...moveLines(change, paint),
    ...boxRows(change.box, networkNames(plan)).map(([label, text]) => row(label, text)),
    ...causeLines(plan, change.causes, paint),
    row('example', messageWords(witness)),
    ...(change.moves.filter((move) => !isReplyAlone(move)).length > 1
      ? [row('', `until now ${witnessWords(witness, 'from')}`), row('', `from now  ${witnessWords(witness, 'to')}`)]
      : []),
    row('see', explain),
    ...(traffic === null ? [] : [row('traffic', traffic)]),
  ]
}

const labelWidth = 11

/**
 * From what to what. One pair stands as two rows; several as a list, most frequent first, each
 * with those who make it. What is refused before and after,
 * such as mail that goes in circles, only reads another reply: it stands behind all that really changes.
 */
function moveLines({ kind, moves }: Change, paint: Paint): string[] {
  const main = kind === 'text' ? moves : moves.filter((move) => !isReplyAlone(move))
  const besides = kind === 'text' ? [] : moves.filter(isReplyAlone)
  const label = (text: string) => paint.dim(text.padEnd(labelWidth))
  const arrow = ({ from, to }: Move) =>
    `${paint.red(oneLine(moveWords(from)))} -> ${paint.green(oneLine(moveWords(to)))}`
  const counted = (move: Move) => {
    const { classes, recipients } = move
    if (recipients !== undefined) return `${oneLine(moverWords(recipients))}: ${arrow(move)}`
    return `${arrow(move)}${paint.dim(`  (${classes} ${classes === 1 ? 'group' : 'groups'} of recipients)`)}`
  }
  const [first, ...rest] = main
  const lines =
    first !== undefined && rest.length === 0
      ? [
          `${label('until now')}${paint.red(oneLine(moveWords(first.from)))}`,
          `${label('from now')}${paint.green(oneLine(moveWords(first.to)))}`,
        ]
      : main.slice(0, toldMoves).map((move, i) => `${label(i === 0 ? 'moves' : '')}${counted(move)}`)
  if (main.length > toldMoves) lines.push(`${label('')}${paint.dim(`and ${main.length - toldMoves} more such moves`)}`)
  lines.push(...besides.slice(0, 3).map((move, i) => `${label(i === 0 ? 'besides' : '')}${arrow(move)}`))
  if (besides.length > 3) lines.push(`${label('')}${paint.dim(`and ${besides.length - 3} more replies`)}`)
  return lines
}

/** A change of the stage `destination`, which asks about the address that a delivery is about to connect to. */
export function destinationLines(plan: Plan, index: number, paint: Paint): string[] {
  const { kind, destinations, from, to, causes, witness } = plan.changeSet.destinations[index]!
  const verb = { accepted: 'allowed from now on', refused: 'refused from now on', text: 'refused in other words' }
  const row = (label: string, text: string) => `   ${paint.dim(label.padEnd(labelWidth))}${text}`
  const where = oneLine(clientWords(destinations, () => null).replaceAll('client', 'address'))
  return [
    `${paint.bold(paint.yellow('deliveries:'))} ${paint.bold(`connecting to ${where} is ${verb[kind]}`)}`,
    row('until now', paint.red(oneLine(from))),
    row('from now', paint.green(oneLine(to))),
    ...causeLines(plan, causes, paint).map((line) => `   ${line}`),
    row('example', oneLine(witness)),
  ]
}

const causesShown = 6

/** The rows of the documents that decide: what stood there before, what stands there now. */
function causeLines(plan: Plan, causes: readonly Cause[], paint: Paint): string[] {
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

function sourceOf({ kind, document, name, env }: PlanSide): readonly string[] {
  const environment = env === null ? [] : ['--env', env]
  return kind === 'graph' ? ['--graph', name] : ['--config', document ?? name, ...environment]
}

export const networkNames =
  ({ networks }: Plan): NetworkName =>
  (network) =>
    Object.hasOwn(networks, network) ? networks[network]! : null

export function settingLines({ settings }: ChangeSet, paint: Paint): string[] {
  const lines = settings.map(({ at, from, to }) => {
    const before = from === null ? paint.dim('absent') : paint.red(oneLine(from))
    const after = to === null ? paint.dim('absent') : paint.green(oneLine(to))
    return `   ${oneLine(at)}: ${before} -> ${after}`
  })
  return [
    paint.bold(`${settings.length} ${settings.length === 1 ? 'setting changes' : 'settings change'}`) +
      paint.dim('  (what follows from it for a message stands above)'),
    ...lines,
  ]
}

export function sumLines(plan: Plan, paint: Paint): string[] {
  const { changes, unknown, hash } = plan.changeSet
  const rest = changes.length === 0 ? 'every message' : 'every other message'
  const proved =
    unknown.length > 0
      ? []
      : [
          `${paint.bold('unchanged')}  ${rest} is decided as before. This is proved for every listener, client, sender, recipient,`,
          '           size and number of hops, and for every answer of a DNS list; it is not a sample.',
        ]
  const verdict = exitCodeOf(plan) === 1 ? [paint.bold(paint.red('FAILED     something that must hold does not'))] : []
  return [
    ...proved,
    ...queueLines(plan),
    ...overlayLines(plan.overlays),
    ...replayLines(plan, paint),
    ...proofLines(plan, paint),
    ...testLines(plan, paint),
    ...verdict,
    `${paint.bold('changes')}    ${hash}`,
  ]
}
