import type { Behaviour } from '../graph/behaviour.ts'
import type { Box } from '../graph/box.ts'
import type { Explanation } from '../graph/explanation.ts'
import type { Outcome } from '../graph/graph.ts'
import { type AdminScope, adminScopes } from '../mail/settings.ts'
import type { Status } from './operations.ts'

/**
 * What travels between a coordinator (`mailgw apply`) and a gateway, as JSON below `/v1`. `docs/apply.md` has the calls;
 * every error is `{ error }` with one sentence, whatever its code: 400 (not the shape), 401, 403, 404, 412, 413, 422, 500.
 */

/** What a caller may do. Whoever opens the unix socket may do all of it. */
export const scopes = adminScopes
export type Scope = AdminScope

export type Failure = { readonly error: string }

/** 412: another graph is active than the one that the caller has in mind. */
export type BaseMoved = Failure & { readonly active: string; readonly expected: string }

/** PUT /v1/graphs/{hash}: 201 when it is new, 200 when it was here. */
export type Uploaded = { readonly hash: string; readonly known: boolean }

/** One message of a plan, and what the plan says becomes of it. */
export type Witness = {
  readonly message: Explanation['message']
  readonly answers: Readonly<Record<string, Outcome>>
  readonly behaviour: Behaviour
}

/** POST /v1/prepare */
export type PrepareRequest = {
  readonly hash: string
  /** Graph that must be active; `null`: whatever is active now. */
  readonly base: string | null
  /** Who asks, in the caller's own words: goes into the journal beside the name that the gateway knows the caller by. */
  readonly actor: string
  readonly reason: string
  readonly commit: string | null
  readonly planHash: string | null
  /** Each must get the planned answer on the new graph. */
  readonly witnesses: readonly Witness[] | null
  /** What was reviewed: during a trial with `shadow`, a decision that changed outside of these is a defect. */
  readonly boxes: readonly Box[] | null
}

export type Prepared = {
  /** Good for one activation, until `expiresAt`. */
  readonly token: string
  readonly hash: string
  readonly base: string
  readonly listeners: ListenerChange
  /** Epoch ms. */
  readonly expiresAt: number
}

/** Names of listeners: sockets of kept ones are not touched. */
export type ListenerChange = {
  readonly kept: readonly string[]
  readonly opened: readonly string[]
  readonly closed: readonly string[]
}

/** 422 of prepare: `witness` is the index of the one that got another answer than planned; absent for other reasons. */
export type NotPrepared = Failure & {
  readonly witness?: number
  readonly expected?: Behaviour
  readonly got?: Behaviour
}

/** Shares from 0 to 1 above which a trial is rolled back; `null`: not looked at. */
export type Gates = {
  /** Refused for good (5yz), of all that was asked at connect, MAIL, RCPT and after the data. */
  readonly rejectRate: number | null
  /** Refused for now (4yz) of the same, or deliveries put off of those tried: the greater of the two. */
  readonly deferRate: number | null
  /** Recipients whose delivery failed for good, of those tried. */
  readonly failureRate: number | null
  /** Nothing trips before so many were counted. */
  readonly minMessages: number
}

/** POST /v1/activate */
export type ActivateRequest = {
  readonly token: string
  /** `null`: for good at once. Otherwise the graph before comes back by itself unless a confirm comes in time. */
  readonly confirmWithinMs: number | null
  readonly gates: Gates | null
  /** Each decision is asked of the graph before too; only of use with boxes and within a trial. */
  readonly shadow: boolean
  /** Until the trial ends, nothing is tried towards recipients whose route differs. */
  readonly holdQueue: boolean
}

export type Activated = {
  readonly hash: string
  readonly previous: string
  /** Longest time that the event loop stood still during the activation. */
  readonly eventLoopGapMs: number
  readonly tookMs: number
  /** Epoch ms; `null` when there is no trial: it was not asked for, or the graph was active already. */
  readonly confirmBy: number | null
}

/** POST /v1/abort */
export type AbortRequest = { readonly token: string }
/** `aborted` is false when there was nothing (any more) to give up. */
export type Aborted = { readonly aborted: boolean }

/** POST /v1/confirm. Says 200 as well when the graph is active without a trial; 412 when another one is. */
export type ConfirmRequest = { readonly hash: string }
export type Confirmed = { readonly hash: string }

/** POST /v1/rollback */
export type RollbackRequest = {
  /** A graph that the gateway keeps; `null`: the one before. */
  readonly to: string | null
  readonly reason: string
}
export type RolledBack = { readonly hash: string; readonly previous: string; readonly tookMs: number }

/** GET /v1/trial: `running` is `null` when none runs; `last` is how the latest one of this process ended. */
export type TrialAnswer = { readonly running: Trial | null; readonly last: EndedTrial | null }

export type Trial = {
  readonly hash: string
  readonly previous: string
  readonly startedAt: number
  readonly confirmBy: number
  readonly gates: Gates | null
  readonly shadow: boolean
  readonly holdQueue: boolean
  readonly counts: TrialCounts
}

export type EndedTrial = Trial & {
  readonly endedAt: number
  readonly result: 'confirmed' | 'rolled back'
  readonly reason: string
  /** What ended it by itself; `null` when somebody asked. */
  readonly cause: 'deadline' | 'gate' | 'defect' | null
}

export type TrialCounts = {
  /** Asked at connect, MAIL and after the data when refused there, and every RCPT. */
  readonly decisions: number
  readonly refused: number
  readonly deferred: number
  /** Recipients that a delivery was tried for, and what came of it. */
  readonly attempts: number
  readonly attemptsDeferred: number
  readonly attemptsFailed: number
  /** Decisions that the graph before was asked too. */
  readonly compared: number
  /** Of these, that differ inside of the boxes, by index of the box. */
  readonly insideBoxes: readonly number[]
  readonly outsideBoxes: number
  /** Recipients in the queue that wait for the end of the trial. */
  readonly paused: number
}

/** A decision of a trial that differs and was not reviewed. */
export type Defect = {
  readonly message: Explanation['message']
  readonly answers: Readonly<Record<string, Outcome>>
  readonly before: Behaviour
  readonly after: Behaviour
}

/** What `/v1/status` has of a prepared or not yet confirmed activation. */
export type Pending =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'prepared'
      readonly hash: string
      readonly base: string
      readonly actor: string
      readonly reason: string
      readonly expiresAt: number
    }
  | { readonly kind: 'trial'; readonly hash: string; readonly previous: string; readonly confirmBy: number }

/** GET /v1/status */
export type StatusAnswer = Status & { readonly pending: Pending }

export const journalActions = [
  'start',
  'stop',
  'prepare',
  'activate',
  'confirm',
  'abort',
  'rollback',
  'overlay',
  'queue',
  'destination',
] as const
export type JournalAction = (typeof journalActions)[number]

/** One line of `<stateDir>/journal.ndjson`. `hash` covers everything else of the line, `prev` is the `hash` before it. */
export type JournalEntry = {
  /** From 1, without gaps. */
  readonly seq: number
  /** ISO 8601, UTC. */
  readonly time: string
  readonly prev: string
  /** Name of the token, subject of the certificate, `local:<uid>`, or `gateway` for what it did by itself. */
  readonly actor: string
  /** Whom the caller named, in its own words. */
  readonly onBehalfOf: string | null
  readonly action: JournalAction
  readonly from: string | null
  readonly to: string | null
  readonly commit: string | null
  readonly planHash: string | null
  readonly reason: string | null
  readonly gates: Gates | null
  /** `ok`, or what went wrong. */
  readonly result: string
  /** Of a rollback for a decision that was not reviewed; of an overlay, the overlay. */
  readonly detail: unknown
  readonly hash: string
}

/** GET /v1/journal?after=N: at most 1000 entries with a greater `seq`, oldest first. */
export type JournalAnswer = {
  readonly entries: readonly JournalEntry[]
  /** Whether the whole file is one chain; `null`: it is. */
  readonly broken: { readonly line: number; readonly why: string } | null
}
