import type { Envelope } from '../mail/envelope.ts'
import type { PastAttempt } from '../queue/attempt-history.ts'
import type { QueueFilter, QueueRow } from '../queue/listing.ts'
import type { QueueOutcome } from '../queue/operations.ts'
import type { LaneState } from '../queue/queue.ts'
import type { QueueSelector } from '../queue/selector.ts'
import type { Identity } from './access.ts'

/** What an operator sees of the queue, and does to it. */
export type QueueOperations = {
  /** Oldest first, in slices. */
  list(filter: QueueFilter): AsyncIterable<readonly QueueRow[]>
  /** `null`: it is not in the queue. */
  show(id: string): Promise<QueuedMessage | null>
  /** The message as it would be sent, dots as they are. `null`: it is not in the queue. */
  content(id: string): AsyncIterable<Buffer> | null
  operate(request: QueueRequest, identity: Identity): Promise<QueueOutcome>
}

export const queueActions = ['retry', 'hold', 'release', 'fail', 'drop', 'reroute'] as const
export type QueueActionName = (typeof queueActions)[number]

/** POST /v1/queue/{action} */
export type QueueRequest = {
  readonly action: QueueActionName
  readonly selector: QueueSelector
  readonly dryRun: boolean
  /** Nothing is done when more messages than this are selected; `null`: any number. */
  readonly atMost: number | null
  /** Who asks, in the caller's own words; `null`: nobody was named. */
  readonly onBehalfOf: string | null
  /** Needed of hold, fail and drop; `null` of the others. */
  readonly reason: string | null
  /** Of `fail`: whether senders are told. */
  readonly notify: boolean
  /** Of `reroute`: a relay that the document declares; `null`: as the document says. */
  readonly via: string | null
}

/** GET /v1/queue/{id} */
export type QueuedMessage = {
  readonly id: string
  readonly queuedAt: number
  readonly sizeBytes: number
  /** Some octet above 127. */
  readonly eightBit: boolean
  readonly envelope: Envelope
  readonly recipients: readonly QueuedRecipient[]
  /** As it came, ours on top; `null`: it cannot be read. */
  readonly header: string | null
}

export type QueuedRecipient = QueueRow & {
  readonly original: string
  /** Since when an operator holds it. */
  readonly heldAt: number | null
  /** Where it goes now, in words. */
  readonly way: string
  /** Of the next hop that it goes to now; `null`: nothing is known of it yet, or it goes to none. */
  readonly lane: LaneState | null
  /** When it is tried again, and when somebody hears of it; `null`: it goes to no next hop. */
  readonly retry: RetryPlan | null
  /** The latest attempts that are still known, oldest first. */
  readonly history: readonly PastAttempt[]
}

/** The times of one message towards one next hop. */
export type RetryPlan = {
  /** Name of its schedule; `null`: the document's general one. */
  readonly schedule: string | null
  readonly waitsMs: readonly number[]
  /** Epoch ms, as the next; `null`: its sender hears nothing before it fails. */
  readonly warnAt: number | null
  readonly expireAt: number
  /** `null`: its age alone counts. */
  readonly maxAttempts: number | null
  /** Its sender hears nothing of a failure either. */
  readonly silent: boolean
}
