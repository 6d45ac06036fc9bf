import type { Finding, Proof } from '../../analysis/proof.ts'
import type { Diagnostic } from '../../config/diagnostic.ts'
import type { Position } from '../../config/positions.ts'
import { nearest } from '../../graph/sources.ts'
import { codeOf } from './proof-codes.ts'

/** So many places of one proof become diagnostics of their own. */
const most = 50

/**
 * What proofs find as diagnostics of the document: at the claim, or where nobody claimed it at what decides. A proof that
 * is about several places (dead rows) is one diagnostic for each.
 */
export function proofDiagnostics(
  proofs: readonly Proof[],
  positionOf: (at: string) => Position | null,
): readonly Diagnostic[] {
  return proofs.flatMap((proof): Diagnostic[] => {
    if (proof.verdict === 'PROVED' || proof.verdict === 'PROVED-IF') return []
    // `check` knows of no change; `plan` does.
    if (proof.verdict === 'UNKNOWN' && proof.severity === 'warning') return []
    const [single, ...others] = proof.findings
    if (single !== undefined && proof.at === null && (others.length > 0 || proof.witness === null))
      return proof.findings.slice(0, most).map((finding) => ofFinding(proof, finding, positionOf))
    return [ofProof(proof, positionOf)]
  })
}

function ofFinding(proof: Proof, { at, message }: Finding, positionOf: (at: string) => Position | null): Diagnostic {
  return {
    code: codeOf(proof.claim),
    severity: proof.severity,
    message: `${at}: ${message}`,
    path: at,
    position: nearest(at, positionOf),
    related: [],
    hint: null,
  }
}

function ofProof(proof: Proof, positionOf: (at: string) => Position | null): Diagnostic {
  const { claim, severity, reason, witness, findings } = proof
  // What decided last stands first; a place that is a finding says what is found there.
  const places = new Map<string, string>()
  for (const { at } of (witness?.deciders ?? []).toReversed()) places.set(at, 'decides')
  for (const { at, message } of findings) places.set(at, message)
  const path = proof.at ?? [...places.keys()][0] ?? ''
  const related = [...places]
    .filter(([at]) => at !== path)
    .slice(0, 5)
    .flatMap(([at, says]) => {
      const position = nearest(at, positionOf)
      return position === null ? [] : [{ message: `${at} ${says}`, position }]
    })
  return {
    code: codeOf(claim),
    severity,
    message: `${path === '' ? '' : `${path}: `}${claim} does not hold: ${reason}`,
    path,
    position: path === '' ? null : nearest(path, positionOf),
    related,
    hint: witness?.explain ?? null,
  }
}
