import type { ActivateRequest } from '../admin/protocol.ts'
import type { Box } from '../graph/box.ts'
import type { Admission } from '../ingress/admission.ts'
import { graphAdmission } from '../ingress/graph-admission.ts'
import type { AskOracle } from '../ingress/inquiry.ts'
import type { Clock } from '../mail/clock.ts'
import type { Log } from '../mail/log.ts'
import { compareDecisions } from './comparison.ts'
import type { Live } from './live.ts'
import { sharedAnswers } from './shared-answers.ts'
import { startTrial, type Trial, type TrialOptions } from './trial.ts'
import { trialAdmission } from './trial-admission.ts'

export type TrialRequest = ActivateRequest & { readonly confirmWithinMs: number }

export type OpenTrialOptions = Pick<TrialOptions, 'clock' | 'onEnd'> & {
  readonly before: Live
  readonly next: Live
  readonly request: TrialRequest
  /** What was reviewed. */
  readonly boxes: readonly Box[]
  readonly ask: AskOracle
  readonly clock: Clock
  readonly log: Log
}

/** Starts the clock and the counts of a trial, and gives what sessions ask while it runs. */
export function openTrial(options: OpenTrialOptions): { readonly trial: Trial; readonly admission: Admission } {
  const { before, next, request, boxes, ask, clock, log, onEnd } = options
  const { length } = boxes
  const trial = startTrial({ hash: next.hash, previous: before.hash, request, boxes: length, clock, onEnd })
  const answers = sharedAnswers(ask, clock)
  const compare = request.shadow
    ? compareDecisions({ before: before.evaluator, after: next.evaluator, boxes, answers, trial, log })
    : null
  const inner = graphAdmission(next.evaluator, answers.ask, next.addressing)
  return { trial, admission: trialAdmission(inner, { decided: trial.decided, compare }) }
}
