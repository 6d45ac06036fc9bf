import type { Proof } from '../../analysis/proof.ts'
import type { Case, CasePlace } from '../../analysis/suite-case.ts'
import type { Classes } from '../../analysis/suite-classes.ts'
import type { Coverage } from '../../analysis/suite-coverage.ts'
import type { CaseResult } from '../../analysis/suite-run.ts'
import type { Mutant } from './mutants.ts'
import type { Suggestion } from './suggest.ts'

/** Everything that one run of tests has found. */
export type Outcome = {
  readonly results: readonly CaseResult[]
  readonly proofs: readonly ProvedClaim[]
  readonly smtp: readonly WireResult[] | null
  readonly coverage: Coverage | null
  /** `null`: not asked for, or too many to be counted. */
  readonly classes: Classes | null
  readonly mutation: {
    readonly mutants: number
    readonly runs: number
    readonly survivors: readonly Survivor[]
    /** For how many of them, from the first on, a test was looked for; `null`: not asked for. */
    readonly suggested: number | null
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
  /** `null`: not looked for. */
  readonly suggestion: Suggestion | null
}

/** A case over real sockets. `skipped` cases were not tried, and `text` says why. */
export type WireResult = {
  readonly case: Case
  readonly kind: 'same' | 'differs' | 'skipped'
  readonly text: string
}

/** What depends on the world outside of the document is taken as it says; what is not decided is not proved. */
export const isProved = ({ proof }: ProvedClaim): boolean => proof.verdict === 'PROVED' || proof.verdict === 'PROVED-IF'

export const isGood = ({ results, proofs, smtp }: Outcome): boolean =>
  results.every(({ verdict }) => verdict.kind === 'passed') &&
  proofs.every(isProved) &&
  (smtp ?? []).every(({ kind }) => kind !== 'differs')
