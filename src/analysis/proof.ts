import type { Behaviour, Decider } from '../graph/behaviour.ts'
import type { Explanation } from '../graph/explanation.ts'
import type { Outcome } from '../graph/graph.ts'

/**
 * `PROVED`     for every message, whatever DNS lists answer
 * `PROVED-IF`  the same, as long as what `assumes` says holds: it is outside of the document
 * `VIOLATED`   not so; `witness` or `findings` show where
 * `UNKNOWN`    not decided, `reason` says why; never the same as proved
 */
export type Verdict = 'PROVED' | 'PROVED-IF' | 'VIOLATED' | 'UNKNOWN'

export type Proof = {
  /** As a document writes it: `noOpenRelay()`. */
  readonly claim: string
  /** Where the document claims it, `prove[2]`; `null`: asked for by nobody, as every gateway should hold it. */
  readonly at: string | null
  readonly verdict: Verdict
  /** `error`: the document cannot be used as it is; `warning`: it may. Of what is proved, what it would be. */
  readonly severity: 'error' | 'warning'
  /** One sentence. */
  readonly reason: string
  readonly assumes: readonly string[]
  readonly witness: Witness | null
  readonly findings: readonly Finding[]
}

/** A message that does what should not be; its behaviour was said by the plain interpreter. */
export type Witness = {
  readonly message: Explanation['message']
  readonly answers: Readonly<Record<string, Outcome>>
  readonly behaviour: Behaviour
  readonly deciders: readonly Decider[]
  /** The command that tells the same. */
  readonly explain: string
}

/** A place of the document that a proof is about. */
export type Finding = {
  readonly at: string
  readonly file: string | null
  readonly line: number
  readonly column: number
  readonly message: string
}

export type ProofReport = {
  readonly format: 'mailgw-proofs/1'
  readonly graph: string
  readonly proofs: readonly Proof[]
}

/** What a proof finds out; the rest of `Proof` is known before. */
export type Found = {
  readonly verdict: Verdict
  readonly reason: string
  readonly assumes?: readonly string[]
  readonly witness?: Witness | null
  readonly findings?: readonly Finding[]
}
