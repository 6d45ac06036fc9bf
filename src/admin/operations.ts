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

export type QueueFilter = {
  readonly recipient: string | null
  readonly domain: string | null
  readonly sender: string | null
  readonly state: string | null
  readonly after: string | null
  readonly limit: number
}

/** One recipient of one queued message. Times are epoch ms. */
export type QueueRow = {
  readonly id: string
  /** `''` for the null reverse-path. */
  readonly sender: string
  readonly recipient: string
  readonly state: string
  readonly queuedAt: number
  readonly sizeBytes: number
  readonly attempts: number
  readonly dueAt: number | null
  readonly nextHop: string | null
  readonly lastHost: string | null
  readonly lastReply: string | null
  readonly why: string | null
}

export type QueueSelector = {
  readonly ids: readonly string[]
  readonly all: boolean
  readonly recipient: string | null
  readonly domain: string | null
  readonly sender: string | null
}

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
