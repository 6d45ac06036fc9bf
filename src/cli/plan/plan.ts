import type { ChangeSet } from '../../analysis/change-set.ts'
import type { Proof } from '../../analysis/proof.ts'
import type { ReplayResult } from '../../analysis/replay.ts'
import type { PlanOverlay } from './overlays.ts'
import type { QueueImpact } from './queue-impact.ts'

/**
 * What a change of the document does, as one value: printed, sent to a pull request, kept in a file, compared at apply.
 * It holds no secret, as neither document nor graph does, and no time: the same two documents give the same plan.
 */
export type Plan = {
  readonly format: 'mailgw-plan/1'
  /** The mailgw that made it. */
  readonly version: string
  readonly base: PlanSide
  readonly next: PlanSide
  readonly changeSet: ChangeSet
  /** The source lines that the causes name, where they could be read. */
  readonly lines: readonly PlanLine[]
  /** Names that the documents give to networks of the boxes: `10.0.0.0/8` is `trusted`, or `newly trusted`. */
  readonly networks: Readonly<Record<string, string>>
  readonly proofs: readonly Proof[]
  /** `null`: not run. */
  readonly tests: PlanTests | null
  /** `null`: no running gateway was asked. */
  readonly queue: QueueImpact | null
  /** Of the running gateway, when it is the base. */
  readonly overlays: readonly PlanOverlay[]
  /** `null`: nothing was replayed. */
  readonly replay: PlanReplay | null
}

export type PlanSide = {
  readonly kind: 'running' | 'graph' | 'document' | 'revision'
  readonly name: string
  readonly hash: string
  readonly commit: string | null
  /** `true` when the document differs from its commit. */
  readonly changed: boolean
  /** From the repository's root; `null` when only the graph is known. */
  readonly document: string | null
  /** By `--env`. */
  readonly env: string | null
}

export type PlanLine = {
  readonly side: 'before' | 'after'
  readonly file: string
  readonly line: number
  readonly text: string
}

export type PlanTests = { readonly passed: number; readonly failed: number; readonly failures: readonly string[] }

/** How much of real traffic lies in each change. */
export type PlanReplay = ReplayResult & {
  /** What was replayed: `the last 7 days`, or a file. */
  readonly source: string
}

/** DESIGN: 0 the same, 2 something changes and all that must hold holds, 1 something that must hold does not. */
export function exitCodeOf({ changeSet, proofs, tests }: Plan): 0 | 1 | 2 {
  if (proofs.some(fails)) return 1
  if (tests !== null && tests.failed > 0) return 1
  const { changes, destinations, settings, unknown } = changeSet
  return changes.length + destinations.length + settings.length + unknown.length === 0 ? 0 : 2
}

/** What was claimed or is always wanted, and is not so; what nobody could decide is not proved either. */
export const fails = ({ verdict, severity }: Proof): boolean =>
  severity === 'error' && (verdict === 'VIOLATED' || verdict === 'UNKNOWN')
