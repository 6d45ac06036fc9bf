import type picocolors from 'picocolors'
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

const proofWords = { VIOLATED: 'VIOLATED', UNKNOWN: 'UNKNOWN', 'PROVED-IF': 'proved, if', PROVED: 'proved' } as const
const proofRank = { VIOLATED: 0, UNKNOWN: 1, 'PROVED-IF': 2, PROVED: 3 } as const

/** Proofs, those that do not hold first and whole; assumptions are part of a proof. */
export function proofLines({ proofs }: Pick<Plan, 'proofs'>, paint: Paint): string[] {
  return [...proofs]
    .sort((a, b) => proofRank[a.verdict] - proofRank[b.verdict])
    .flatMap((proof) => {
      const { claim, verdict, severity, reason, assumes, witness, findings } = proof
      const isBad = verdict === 'VIOLATED' || verdict === 'UNKNOWN'
      const strong = severity === 'error' ? paint.red : paint.yellow
      const word = isBad ? paint.bold(strong(proofWords[verdict])) : proofWords[verdict]
      const head = `proof      ${oneLine(claim)}: ${word}`
      if (!isBad) return [verdict === 'PROVED' ? head : `${head} ${assumes.map(oneLine).join('; and if ')}`]
      const places = findings.slice(0, 5).map(({ file, line, column, at, message }) => {
        return `${file === null ? at : `${file}:${line}:${column}`} ${message}`
      })
      if (findings.length > 5) places.push(`and ${findings.length - 5} more`)
      const more = [reason, ...places, ...(witness === null ? [] : [witness.explain])]
      return [head, ...more.map((text) => `           ${oneLine(text)}`)]
    })
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

/** How much of real traffic lies in a change. */
export function trafficWords({ replay }: Plan, index: number): string | null {
  if (replay === null) return null
  const { records, source } = replay
  const inside = replay.changes[index]
  const all = `${count(records)} ${records === 1 ? 'message' : 'messages'} of ${source}`
  if (inside === undefined || inside.records === 0) return `none of the ${all} is in it`
  const share = (100 * inside.records) / records
  const percent = share < 0.1 ? 'under 0.1 %' : `${share.toFixed(1)} %`
  const clients = `${count(inside.clients)} ${inside.clients === 1 ? 'client' : 'clients'}`
  return `${count(inside.records)} of the ${all} are in it (${percent}), from ${clients}`
}

/** What the replay says of the plan as a whole: what it could not weigh, and what would be a mistake of the plan. */
export function replayLines({ replay }: Plan, paint: Paint): string[] {
  if (replay === null) return []
  const { records, source, outside, unknown, changes } = replay
  const inside = changes.reduce((sum, change) => sum + change.records, 0)
  const lines = [`traffic    ${count(inside)} of ${count(records)} messages of ${oneLine(source)} would go another way`]
  for (const [oracle, number] of Object.entries(unknown.oracles)) {
    lines.push(`           ${count(number)} depend on what ${oneLine(oracle)} would have said; nobody asked it then`)
  }
  if (unknown.hashed > 0)
    lines.push(`           ${count(unknown.hashed)} have hashed local parts that the change tells apart`)
  if (unknown.unreadable > 0) lines.push(`           ${count(unknown.unreadable)} cannot be read`)
  if (outside.records > 0) {
    const what = `${count(outside.records)} would go another way and lie in none of the changes`
    lines.push(`           ${paint.bold(paint.red(what))}`)
  }
  return lines
}
