import type { Branch, Explanation, Walk } from './explanation.ts'
import type { Outcome } from './graph.ts'
import type { Step } from './interpret.ts'
import { lineWords } from './message-text.ts'
import { assumedText } from './oracle.ts'

/** An explanation for a person: each stage with what decided and where that is written, then what comes of it. */
export function explanationText({ graph, message, assumed, outcome }: Explanation): string {
  const { listener, client, sender, recipient, sizeBytes, hops } = message
  const from = sender === null ? '' : `, from ${sender}`
  const to = recipient === null ? '' : `, to ${recipient}`
  const size = sizeBytes === null ? '' : `, ${sizeBytes} octets`
  const hop = hops === null ? '' : `, ${hops} hops`
  const taken = assumedText(Object.keys(assumed))
  const lines = [
    `message  ${client} at ${listener}${lineWords(message)}${from}${to}${size}${hop}`,
    `graph    ${graph}`,
    ...(taken === null ? [] : [taken]),
    '',
    ...branchLines(outcome),
  ]
  return `${lines.join('\n')}\n`
}

function branchLines({ walks, end }: Branch): string[] {
  const lines = walks.flatMap(walkLines)
  switch (end.kind) {
    case 'accepted':
      return [...lines, ...acceptedLines(end.finals)]
    case 'refused':
      return [...lines, `=> refused at ${end.stage}: ${end.reply.code} ${end.reply.status ?? ''} ${end.reply.text}`]
    case 'depends':
      return [...lines, ...dependsLines(end)]
  }
}

function acceptedLines(finals: readonly { readonly mailbox: string; readonly route: string }[]): string[] {
  if (finals.length === 0) return ['=> accepted so far; the rest was not described']
  return ['=> accepted', ...finals.map(({ mailbox, route }) => `   ${mailbox} ${route}`)]
}

/** Outcomes from which the same follows stand together. */
function dependsLines({ oracle, asks, branches }: Extract<Branch['end'], { kind: 'depends' }>): string[] {
  const groups = new Map<string, Outcome[]>()
  for (const outcome of ['listed', 'clear', 'error'] as const) {
    const text = branchLines(withoutAnswer(branches[outcome])).join('\n')
    groups.set(text, [...(groups.get(text) ?? []), outcome])
  }
  const lines = [`depends on ${oracle} (${asks})`]
  for (const [text, outcomes] of groups) {
    lines.push(`if ${oracle} = ${outcomes.join(' or ')}`)
    lines.push(...text.split('\n').map((line) => (line === '' ? line : `  ${line}`)))
  }
  return lines
}

/** The step that only repeats the outcome is what the heading says already. */
function withoutAnswer({ walks, end }: Branch): Branch {
  const [first, ...rest] = walks
  if (first === undefined || first.path[0]?.kind !== 'oracle') return { walks, end }
  return { walks: [{ ...first, path: first.path.slice(1) }, ...rest], end }
}

function walkLines(walk: Walk): string[] {
  const { stage, recipient, says, at, path } = walk
  const who = recipient === null ? '' : `${recipient} `
  const decided = at === '' ? '' : `by ${at}${placeText(walk)}`
  const head = says === null ? `${who}waits for an answer` : `${who}${says}`
  return [columns(`${stage.padEnd(8)} ${head}`, decided), ...path.filter(({ kind }) => kind !== 'leaf').map(stepLine)]
}

function stepLine(step: Step): string {
  const { kind, on, compared, took, at, place } = step
  const where = at === '' ? '' : `${at}${place === null ? '' : ` ${place.file}:${place.line}:${place.column}`}`
  if (kind === 'note') return columns(`           ${compared}`, where)
  if (on === 'tls') return columns(`           the line is ${compared === 'tls' ? 'encrypted' : 'in the clear'}`, where)
  const fact = compared === null ? (unsaid.get(on) ?? `${on} not known`) : `${on} ${compared}`
  const edge =
    kind === 'oracle' ? `is ${took}` : took === null ? otherwise(kind) : kind === 'compare' ? took : `matches ${took}`
  return columns(`           ${fact}: ${edge}`, where)
}

/** What is known by not being there. */
const unsaid = new Map([
  ['login', 'nobody logged in'],
  ['certificate', 'no certificate'],
  ['helo', 'no HELO'],
])

const otherwise = (kind: Step['kind']): string => (kind === 'compare' ? 'within' : 'no row matches')

const placeText = ({ file, line, column }: Walk): string => (file === null ? '' : ` ${file}:${line}:${column}`)

const columns = (left: string, right: string): string => (right === '' ? left : `${left.padEnd(60)}  ${right}`)
