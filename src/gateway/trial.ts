import { trippedGate } from '../admin/gates.ts'
import type { ActivateRequest, Defect, EndedTrial, Trial as TrialView } from '../admin/protocol.ts'
import type { Clock } from '../mail/clock.ts'
import type { DeliveryResult } from '../queue/dispatcher.ts'

/** Why a trial ends by itself. */
export type TrialEnd = {
  readonly cause: 'deadline' | 'gate' | 'defect'
  readonly reason: string
  readonly detail: Defect | null
}

export type TrialOptions = {
  readonly hash: string
  readonly previous: string
  readonly request: Pick<ActivateRequest, 'gates' | 'shadow' | 'holdQueue'> & { readonly confirmWithinMs: number }
  /** How many boxes were reviewed. */
  readonly boxes: number
  readonly clock: Clock
  /** Called once at most, and not after `close`. */
  readonly onEnd: (end: TrialEnd) => void
}

/**
 * Counts what happens between an activation and its confirmation, and says when it should end:
 *   running   counts; ends with the deadline, with a gate that trips, or with a decision that nobody reviewed
 *   over      ended by one of these, or closed; counts nothing any more
 */
export type Trial = {
  readonly hash: string
  readonly holdQueue: boolean
  readonly isOver: boolean
  /** A session was answered: `null` is yes, else the code of the refusal. */
  decided(code: number | null): void
  delivery(result: DeliveryResult, recipients: number): void
  /** The graph before says the same. */
  agreed(): void
  /** It says something else, in the box with this index. */
  changedInside(box: number): void
  changedOutside(defect: Defect): void
  /** The two could not be compared. */
  lost(why: string): void
  view(paused: number): TrialView
  close(result: EndedTrial['result'], reason: string, cause: EndedTrial['cause'], paused: number): EndedTrial
}

export function startTrial(options: TrialOptions): Trial {
  const { hash, previous, request, clock, onEnd } = options
  const { gates, shadow, holdQueue, confirmWithinMs } = request
  const startedAt = clock.now()
  const insideBoxes = Array.from({ length: options.boxes }, () => 0)
  const counts = { decisions: 0, refused: 0, deferred: 0, attempts: 0, attemptsDeferred: 0, attemptsFailed: 0 }
  let compared = 0
  let outsideBoxes = 0
  let isOver = false

  const end = (found: TrialEnd): void => {
    if (isOver) return
    isOver = true
    timer.cancel()
    onEnd(found)
  }
  // A timer runs by the monotonic clock: who sets the wall clock meanwhile makes the trial neither longer nor shorter.
  const timer = clock.setTimeout(
    () => end({ cause: 'deadline', reason: `not confirmed within ${confirmWithinMs / 1000} s`, detail: null }),
    confirmWithinMs,
  )
  const view = (paused: number): TrialView => ({
    hash,
    previous,
    startedAt,
    confirmBy: startedAt + confirmWithinMs,
    gates,
    shadow,
    holdQueue,
    counts: { ...counts, compared, insideBoxes: [...insideBoxes], outsideBoxes, paused },
  })
  const look = (): void => {
    if (gates === null) return
    const reason = trippedGate(gates, counts)
    if (reason !== null) end({ cause: 'gate', reason, detail: null })
  }
  return {
    hash,
    holdQueue,
    get isOver() {
      return isOver
    },
    decided(code) {
      if (isOver) return
      counts.decisions++
      if (code !== null && code >= 500) counts.refused++
      else if (code !== null) counts.deferred++
      look()
    },
    delivery(result, recipients) {
      if (isOver) return
      counts.attempts += recipients
      if (result === 'failed') counts.attemptsFailed += recipients
      else if (result === 'deferred') counts.attemptsDeferred += recipients
      look()
    },
    agreed() {
      if (!isOver) compared++
    },
    changedInside(box) {
      if (isOver) return
      compared++
      insideBoxes[box]!++
    },
    changedOutside(defect) {
      if (isOver) return
      compared++
      outsideBoxes++
      const who = `${defect.message.client} from ${defect.message.sender ?? 'anybody'} to ${defect.message.recipient ?? 'anybody'}`
      end({ cause: 'defect', reason: `a decision changed that was not reviewed: ${who}`, detail: defect })
    },
    lost: (why) => end({ cause: 'defect', reason: `the graphs could not be compared: ${why}`, detail: null }),
    view,
    close(result, reason, cause, paused) {
      isOver = true
      timer.cancel()
      return { ...view(paused), endedAt: clock.now(), result, reason, cause }
    },
  }
}
