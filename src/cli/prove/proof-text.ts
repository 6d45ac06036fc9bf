import type { Proof, ProofReport, Verdict, Witness } from '../../analysis/proof.ts'
import { behaviourText } from '../../graph/behaviour.ts'
import type { Bundle } from '../../graph/bundle.ts'
import { explain } from '../../graph/explanation.ts'
import { explanationText } from '../../graph/explanation-text.ts'
import { interpreter } from '../../graph/interpret.ts'
import { lineOf } from '../../graph/message-text.ts'
import { parseIp } from '../../mail/ip.ts'
import { parseMailbox } from '../../mail/path.ts'

/** So many places of one proof are shown; JSON has them all. */
const shown = 10

const ranks: Readonly<Record<Verdict, number>> = { VIOLATED: 0, UNKNOWN: 1, 'PROVED-IF': 2, PROVED: 3 }

/** Proofs for a person, those that do not hold first, each with a message for which it does not and the way it takes. */
export function proofsText({ graph, proofs }: ProofReport, bundle: Bundle): string {
  const sorted = [...proofs].sort((a, b) => ranks[a.verdict] - ranks[b.verdict])
  const blocks = sorted.map((proof) => proofLines(proof, bundle).join('\n'))
  return `graph ${graph}\n\n${blocks.join('\n')}\n\n${sumText(proofs)}\n`
}

function proofLines(proof: Proof, bundle: Bundle): string[] {
  const { claim, at, verdict, severity, reason, assumes, witness, findings } = proof
  const unheld = verdict === 'VIOLATED' || verdict === 'UNKNOWN'
  const note = unheld && severity === 'warning' ? ' (warning)' : ''
  return [
    `${verdict.padEnd(9)} ${claim}${at === null ? '' : `  ${at}${placeOf(bundle, at)}`}${note}`,
    `          ${reason}`,
    ...assumes.map((one) => `          if ${one}`),
    ...findings.slice(0, shown).map(({ at, file, line, column, message }) => {
      const place = file === null ? '' : ` ${file}:${line}:${column}`
      return `          ${at}${place}: ${message}`
    }),
    ...(findings.length > shown ? [`          and ${findings.length - shown} more`] : []),
    ...(witness === null ? [] : witnessLines(witness, bundle)),
  ]
}

function witnessLines(witness: Witness, bundle: Bundle): string[] {
  const lines = traceText(witness, bundle)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('graph '))
  return ['', ...lines.map((line) => `          ${line}`), '', `          $ ${witness.explain}`, '']
}

/** The same as `mailgw explain` prints for the witness. */
function traceText({ message, answers, behaviour }: Witness, { graph, sources, hash }: Bundle): string {
  const client = parseIp(message.client)
  const mailboxOf = (text: string | null) => {
    const read = text === null ? null : parseMailbox(text)
    return read?.ok ? read.value : null
  }
  if (!client.ok) return behaviourText(behaviour)
  const described = {
    ...message,
    ...lineOf(message),
    client: client.value,
    sender: message.sender === null ? undefined : mailboxOf(message.sender === '<>' ? null : message.sender),
    recipient: mailboxOf(message.recipient),
  }
  const explanation = explain(interpreter(graph, sources, hash), described, new Map(Object.entries(answers)))
  return explanationText(explanation)
}

function placeOf({ sources }: Bundle, at: string): string {
  const place = sources.places.find(([one]) => one === at)
  return place === undefined ? '' : ` ${sources.files[place[1]]}:${place[2]}:${place[3]}`
}

export function sumText(proofs: readonly Proof[]): string {
  const count = (verdict: Verdict) => proofs.filter((proof) => proof.verdict === verdict).length
  const parts = [
    `${count('PROVED') + count('PROVED-IF')} of ${proofs.length} proved`,
    ...(count('PROVED-IF') > 0 ? [`${count('PROVED-IF')} of them if what is said holds`] : []),
    ...(count('VIOLATED') > 0 ? [`${count('VIOLATED')} violated`] : []),
    ...(count('UNKNOWN') > 0 ? [`${count('UNKNOWN')} unknown`] : []),
  ]
  return parts.join(', ')
}

/** What was claimed or is always wanted, and is not proved. */
export const isUnheld = ({ verdict, severity }: Proof): boolean =>
  severity === 'error' && (verdict === 'VIOLATED' || verdict === 'UNKNOWN')
