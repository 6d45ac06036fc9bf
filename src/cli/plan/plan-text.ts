import picocolors from 'picocolors'
import type { Change, ChangeSet } from '../../analysis/change-set.ts'
import { oneLine } from '../text.ts'
import { boxRows, clientWords, type NetworkName, rowsBeyond } from './box-words.ts'
import {
  countsOf,
  differInTls,
  explainLine,
  isDangerous,
  isReplyAlone,
  kindWords,
  messageWords,
  subject,
  withTls,
  witnessWords,
} from './change-words.ts'
import { besideLines, causeLines, labelWidth, moveLines } from './move-lines.ts'
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
  const nameOf = networkNames(plan)
  const traffic = trafficWords(plan, index)
  const explain = explainLine(witness, sourceOf(plan.next))
  const row = (label: string, text: string) => `${paint.dim(label.padEnd(labelWidth))}${oneLine(text)}`
  if (change.kind === 'text') {
    return [...moveLines(plan, change, paint), row('see', explain)]
  }
  return [
    kindWords[change.kind].means,
    ...moveLines(plan, change, paint),
    ...rowsBeyond(subject(change, nameOf), boxRows(change.box, nameOf)).map(([label, text]) => row(label, text)),
    row('example', messageWords(witness)),
    ...(change.moves.filter((move) => !isReplyAlone(move)).length > 1
      ? [
          row('', `until now ${exampleWords(plan, change, 'from')}`),
          row('', `from now  ${exampleWords(plan, change, 'to')}`),
        ]
      : []),
    row('see', explain),
    ...(traffic === null ? [] : [row('traffic', traffic)]),
    ...besideLines(change, paint),
  ]
}

/** As the first move of its change, which it makes, says of TLS. */
function exampleWords({ changeSet }: Plan, { witness, moves }: Change, side: 'from' | 'to'): string {
  return withTls(witnessWords(witness, side), moves[0] ?? {}, side, differInTls(changeSet.changes))
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
