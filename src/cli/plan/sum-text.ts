import type picocolors from 'picocolors'
import type { Proof } from '../../analysis/proof.ts'
import { oneLine } from '../text.ts'
import type { Plan } from './plan.ts'

type Paint = ReturnType<typeof picocolors.createColors>

const movesShown = 10

/** Which queued mail would go elsewhere; says so too when none does. */
export function queueLines({ queue }: Plan): string[] {
  if (queue === null) return []
  const { recipients, complete, moves } = queue
  const of = `${recipients.toLocaleString('en-US')} queued ${recipients === 1 ? 'recipient' : 'recipients'}`
  const partly = complete ? '' : '; the queue moved meanwhile, some were not looked at'
  const moved = moves.reduce((sum, move) => sum + move.recipients, 0)
  if (moved === 0) return [`queue      none of ${of} would go elsewhere${partly}`]
  const lines = moves
    .slice(0, movesShown)
    .map(
      ({ from, to, recipients, example }) =>
        `           ${recipients.toLocaleString('en-US')}: ${oneLine(from)} -> ${oneLine(to)}, such as ${oneLine(example.recipient)} (${example.id})`,
    )
  if (moves.length > movesShown) lines.push(`           and ${moves.length - movesShown} more such moves`)
  return [
    `queue      ${moved.toLocaleString('en-US')} of ${of} would go elsewhere at the next attempt${partly}`,
    ...lines,
  ]
}

/** Proofs: those that do not hold first and whole; those that rest on something with it; the others by their names. */
export function proofLines({ proofs }: Pick<Plan, 'proofs'>, paint: Paint): string[] {
  const of = (verdict: Proof['verdict']) => proofs.filter((proof) => proof.verdict === verdict)
  const bad = [...of('VIOLATED'), ...of('UNKNOWN')].flatMap((proof) => {
    const { claim, verdict, severity, reason, witness, findings } = proof
    const strong = severity === 'error' ? paint.red : paint.yellow
    const places = findings.slice(0, 5).map(({ file, line, column, at, message }) => {
      return `${file === null ? at : `${file}:${line}:${column}`} ${message}`
    })
    if (findings.length > 5) places.push(`and ${findings.length - 5} more`)
    const advice = severity === 'warning' ? ' (advice)' : ''
    const more = [reason, ...places, ...(witness === null ? [] : [witness.explain])]
    return [
      `${paint.bold(strong(verdict.padEnd(10)))} ${oneLine(claim)}${advice}`,
      ...more.map((text) => `           ${oneLine(text)}`),
    ]
  })
  const resting = of('PROVED-IF').map(
    ({ claim, assumes }) => `proved if  ${oneLine(claim)}: ${assumes.map(oneLine).join('; and if ')}`,
  )
  const whole = of('PROVED').map(({ claim }) => oneLine(claim))
  return [...bad, ...resting, ...(whole.length === 0 ? [] : wrapped('proved     ', whole))]
}

/** A list over as many lines as it needs, under its label. */
function wrapped(label: string, items: readonly string[]): string[] {
  const lines: string[] = []
  let line = label
  for (const [i, item] of items.entries()) {
    const text = i === items.length - 1 ? item : `${item}, `
    if (line.length + text.trimEnd().length > 110 && line.trim() !== '' && line !== label) {
      lines.push(line.trimEnd())
      line = ' '.repeat(label.length)
    }
    line += text
  }
  return [...lines, line]
}

export function testLines({ tests }: Pick<Plan, 'tests'>, paint: Paint): string[] {
  if (tests === null) return []
  const { passed, failed, failures } = tests
  if (failed === 0) return [`tests      all ${passed} pass`]
  return [
    `tests      ${paint.bold(paint.red(`${failed} of ${passed + failed} fail`))}`,
    ...failures.slice(0, 20).map((text) => `           ${oneLine(text)}`),
  ]
}

const count = (number: number): string => number.toLocaleString('en-US')

/** Messages of which nothing is claimed: whatever else is said is of the others. */
const unweighed = ({ unknown }: NonNullable<Plan['replay']>): number =>
  Object.values(unknown.oracles).reduce((sum, number) => sum + number, 0) + unknown.hashed + unknown.unreadable

/** How much of real traffic lies in a change; no more than that is claimed where some of it could not be weighed. */
export function trafficWords({ replay }: Plan, index: number): string | null {
  if (replay === null) return null
  const { records, source } = replay
  const inside = replay.changes[index]
  const unknown = unweighed(replay)
  const all = `${count(records)} ${records === 1 ? 'message' : 'messages'} of ${source}`
  if (inside === undefined || inside.records === 0) {
    if (unknown === 0) return `none of the ${all} is in it`
    return unknown >= records
      ? `none of the ${all} could be weighed`
      : `none of the ${all} is in it, but for ${count(unknown)} that could not be weighed`
  }
  const share = (100 * inside.records) / records
  const percent = share < 0.1 ? 'under 0.1 %' : `${share.toFixed(1)} %`
  const clients = `${count(inside.clients)} ${inside.clients === 1 ? 'client' : 'clients'}`
  const least = unknown === 0 ? '' : 'at least '
  return `${least}${count(inside.records)} of the ${all} are in it (${percent}), from ${clients}`
}

/** What the replay says of the plan as a whole: what it could not weigh, and what would be a mistake of the plan. */
export function replayLines({ replay }: Plan, paint: Paint): string[] {
  if (replay === null) return []
  const { records, source, outside, unknown, changes } = replay
  const inside = changes.reduce((sum, change) => sum + change.records, 0)
  const left = unweighed(replay)
  const least = left === 0 ? '' : 'at least '
  const lines = [
    `traffic    ${least}${count(inside)} of ${count(records)} messages of ${oneLine(source)} would go another way`,
  ]
  if (left > 0) lines.push(`           ${count(left)} could not be weighed:`)
  for (const [oracle, number] of Object.entries(unknown.oracles)) {
    lines.push(`           ${count(number)} depend on what ${oneLine(oracle)} would have said; nobody asked it then`)
  }
  if (unknown.hashed > 0)
    lines.push(
      `           ${count(unknown.hashed)} have a hashed local part in a domain of which the documents name local parts: it may be one of these`,
    )
  if (unknown.unreadable > 0) lines.push(`           ${count(unknown.unreadable)} cannot be read`)
  if (outside.records > 0) {
    const what = `${count(outside.records)} would go another way and lie in none of the changes`
    lines.push(`           ${paint.bold(paint.red(what))}`)
  }
  return lines
}
