import { rm } from 'node:fs/promises'
import type { Identity } from '../admin/access.ts'
import type { LoopGap } from '../admin/loop-gap.ts'
import type { ApplyRequest, ApplyResult } from '../admin/operations.ts'
import type { Activation } from './activation.ts'

/** Upload, prepare and activate in one call, without a trial: for whoever stands beside the gateway. */
export async function applyAtOnce(
  activation: Activation,
  file: string,
  { base, dryRun, actor, commit }: ApplyRequest,
  identity: Identity,
  loopGap: LoopGap,
): Promise<ApplyResult> {
  const begun = performance.now()
  const gap = loopGap.watch()
  try {
    return await inSteps()
  } finally {
    gap()
  }

  async function inSteps(): Promise<ApplyResult> {
    const refused = (error: string): ApplyResult => ({ kind: 'refused', error, active: activation.live.hash })
    const active = activation.live.hash
    if (base !== null && base !== active) {
      await rm(file, { force: true })
      return { kind: 'base-moved', active, expected: base }
    }
    const uploaded = await activation.upload(file, null)
    if (uploaded.kind !== 'done') return refused(uploaded.error)
    const prepared = await activation.prepare(
      {
        hash: uploaded.body.hash,
        base: base ?? active,
        actor,
        reason: dryRun ? 'dry run' : 'applied at once',
        commit,
        planHash: null,
        witnesses: null,
        boxes: null,
      },
      identity,
    )
    if (prepared.kind === 'base-moved') return moved(prepared)
    if (prepared.kind === 'refused') return refused(prepared.error)
    const { token, hash, listeners } = prepared.body
    if (dryRun) {
      await activation.abort({ token }, identity)
      const tookMs = performance.now() - begun
      return { kind: 'prepared', hash, previous: active, listeners, eventLoopGapMs: gap(), tookMs }
    }
    const activated = await activation.activate(
      { token, confirmWithinMs: null, gates: null, shadow: false, holdQueue: false },
      identity,
    )
    if (activated.kind === 'base-moved') return moved(activated)
    if (activated.kind === 'refused') return refused(activated.error)
    const { previous } = activated.body
    const kind = hash === previous ? 'unchanged' : 'active'
    return { kind, hash, previous, listeners, eventLoopGapMs: gap(), tookMs: performance.now() - begun }
  }
}

const moved = ({ active, expected }: { readonly active: string; readonly expected: string }): ApplyResult => ({
  kind: 'base-moved',
  active,
  expected,
})
