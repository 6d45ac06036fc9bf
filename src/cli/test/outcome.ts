import type { Proof } from '../../analysis/proof.ts'
import type { Case, CasePlace } from '../../analysis/suite-case.ts'
import type { Coverage } from '../../analysis/suite-coverage.ts'
import type { CaseResult } from '../../analysis/suite-run.ts'
import type { Mutant } from './mutants.ts'

/** Everything that one run of tests has found. */
export type Outcome = {
  readonly results: readonly CaseResult[]
  readonly proofs: readonly ProvedClaim[]
  readonly smtp: readonly WireResult[] | null
  readonly coverage: Coverage | null
  readonly mutation: {
    readonly mutants: number
    readonly runs: number
    readonly survivors: readonly Survivor[]
  } | null
}

/** A claim of a test about a whole box. */
export type ProvedClaim = {
  readonly suite: string
  readonly place: CasePlace | null
  readonly proof: Proof
}

export type Survivor = {
  readonly mutant: Mutant
  readonly file: string | null
  readonly line: number
  readonly column: number
  /** A row that would notice it. */
  readonly suggestion: string | null
}

/** A case over real sockets. `skipped` cases were not tried, and `text` says why. */
export type WireResult = {
  readonly case: Case
  readonly kind: 'same' | 'differs' | 'skipped'
  readonly text: string
}

export const isGood = ({ results, proofs, smtp }: Outcome): boolean =>
  results.every(({ verdict }) => verdict.kind === 'passed') &&
  proofs.every(({ proof }) => proof.verdict === 'PROVED' || proof.verdict === 'PROVED-IF') &&
  (smtp ?? []).every(({ kind }) => kind !== 'differs')
