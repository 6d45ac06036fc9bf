import type { Envelope } from '../mail/envelope.ts'
import type { Reply } from '../mail/reply.ts'

/** One accepted message. `id` is its one name for life: in the 250, Received, log, notifications and `queue list`. */
export type QueueEntry = {
  readonly id: string
  readonly envelope: Envelope
  /** Epoch ms of acceptance. */
  readonly queuedAt: number
  readonly body: StoredBody
  /** As in the envelope, without reading it. */
  readonly tlsNeed?: Envelope['tls']
  /** As in the envelope, without reading it. */
  readonly hints?: Envelope['hints']
  /** By index of `envelope.recipients`. Changed by the queue alone. */
  readonly recipients: readonly RecipientState[]
}

/**
 * A message as it came: trace fields of our own first, then the content, every line ended by CRLF, without the final dot.
 * Dot-stuffed; when `dots` is false no line begins with a dot, and the stuffed and the plain form are the same octets.
 */
export type StoredBody = {
  readonly sizeBytes: number
  readonly dots: boolean
  /** Some octet above 127 (needs 8BITMIME from the next hop). */
  readonly eightBit: boolean
  /** The whole body while it is still in memory, otherwise `null`: then `read`. Its memory stays with whoever asks here. */
  readonly chunks: readonly Buffer[] | null
  /** As `chunks`, on loan: `returned` is called once nobody reads the memory any more, the kernel neither. */
  lend(): readonly Buffer[] | null
  returned(): void
  /**
   * From the spool, in pieces of at most 128 KiB, never whole in memory. A piece is valid until the next one is asked for.
   * Throws `SpoolError` when a checksum fails.
   */
  read(): AsyncIterable<Buffer>
}

/**
 * waiting    due at `dueAt` (epoch ms), or in a lane
 * active     handed to a carrier
 * held       visible, moves only by an operator
 * delivered, failed, discarded   final
 */
export type RecipientState = {
  state: 'waiting' | 'active' | 'held' | 'delivered' | 'failed' | 'discarded'
  attempts: number
  dueAt: number
  /** Of the latest attempt. */
  lastReply: Reply | null
  lastHost: string | null
  /** Why it is held, waits or failed, in words. */
  why: string | null
  /** `key` of the next hop that was asked last. */
  nextHop: string | null
  /** Epoch ms of the end of the latest attempt; `null`: none yet, or one of before this was kept. */
  lastAttemptAt: number | null
  /** Set while it is `held` by an operator and not by the graph. */
  hold: Hold | null
  /** Name of the relay that an operator chose in place of the graph's route. */
  via: string | null
  /** Its sender was told that it is late. */
  isWarned: boolean
  /** Its sender was told that the alias it came by was expanded. */
  isExpansionTold: boolean
}

/** Who holds a recipient, why, and since when (epoch ms). */
export type Hold = { readonly by: string; readonly reason: string; readonly at: number }
