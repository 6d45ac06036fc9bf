import type { QueueFilter, QueueRow, QueueSelector } from '../queue/listing.ts'

export type { QueueFilter, QueueRow, QueueSelector }

/** What a gateway lets an operator do; the admin API is a thin skin over it. All results are plain JSON data. */
export type Operations = {
  status(): Status
  /** The active bundle's file. */
  activeBundle(): string
  /** Takes over the file: it is kept under its hash or removed. */
  apply(file: string, request: ApplyRequest): Promise<ApplyResult>
  queueList(filter: QueueFilter): readonly QueueRow[]
  queueRetry(selector: QueueSelector): number
  /** Answers at once; the gateway ends after it. */
  stop(now: boolean): void
}

export type ApplyRequest = {
  /** Graph that must be active; `null`: any. */
  readonly base: string | null
  readonly dryRun: boolean
}

export type ApplyResult =
  | {
      readonly kind: 'active' | 'prepared' | 'unchanged'
      readonly hash: string
      readonly previous: string
      readonly listeners: {
        readonly kept: readonly string[]
        readonly opened: readonly string[]
        readonly closed: readonly string[]
      }
      /** Longest time that the event loop stood still between upload and answer. */
      readonly eventLoopGapMs: number
      readonly tookMs: number
    }
  | { readonly kind: 'base-moved'; readonly active: string; readonly expected: string }
  | { readonly kind: 'refused'; readonly error: string; readonly active: string }

export type Status = {
  readonly version: string
  readonly pid: number
  readonly startedAt: number
  readonly graph: string
  readonly hostname: string
  readonly draining: boolean
  readonly listeners: readonly {
    readonly name: string
    readonly kind: string
    readonly addresses: readonly string[]
    readonly sessions: number
  }[]
  readonly sessions: number
  readonly queue: Readonly<Record<string, number>>
  readonly nextHops: readonly unknown[]
  /** Connections to next hops. */
  readonly connectionsOut: number
  readonly memory: { readonly rssBytes: number; readonly heapUsedBytes: number }
  /** Longest gap of the event loop since the start. */
  readonly eventLoopGapMs: number
}
