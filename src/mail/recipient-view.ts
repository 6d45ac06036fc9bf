import type { LearntSize } from './learnt-size.ts'
import type { Mailbox } from './path.ts'
import type { RecipientCheckSettings } from './recipient-check.ts'

/** What an operator sees of checks of recipients, and may ask of them. Times are epoch ms. */

/** What a check says of a recipient. `remembered`: since when, `null` when it was found out just now. */
export type RecipientAnswer =
  | { readonly kind: 'exists' | 'unknown'; readonly reason: string; readonly remembered: number | null }
  | { readonly kind: 'error'; readonly reason: string; readonly remembered: null }

export type RecipientCheckView = {
  readonly id: string
  readonly kind: RecipientCheckSettings['kind']
  /** How many patterns of domains it is asked for. */
  readonly domains: number
  readonly state: 'unused' | 'ok' | 'failing'
  readonly since: number | null
  readonly lastError: { readonly why: string; readonly at: number } | null
  readonly remembered: number
  /** What is known beside single recipients, in words. */
  readonly notes: readonly string[]
  /** Answers since the start, and those that memory gave. */
  readonly answers: {
    readonly exists: number
    readonly unknown: number
    readonly error: number
    readonly remembered: number
  }
}

export type RememberedRecipient = {
  readonly check: string
  readonly address: string
  readonly domain: string
  readonly kind: 'exists' | 'unknown'
  readonly reason: string
  readonly askedAt: number
  /** Until when it answers for the check; `isFresh`: that is still to come. */
  readonly until: number
  readonly isFresh: boolean
}

export type RecipientFilter = {
  readonly mailbox: Mailbox | null
  readonly domain: string | null
  /** At most so many, the newest. */
  readonly limit: number
}

export type FlushRecipients =
  | { readonly kind: 'address'; readonly mailbox: Mailbox }
  | { readonly kind: 'domain'; readonly domain: string }
  | { readonly kind: 'all' }

export type VerifiedRecipient = {
  readonly check: string
  readonly steps: readonly string[]
  readonly answer: RecipientAnswer
}

/** What the admin API does with them. */
export type RecipientOperations = {
  checks(): readonly RecipientCheckView[]
  /** What is remembered, newest first. */
  cache(filter: RecipientFilter): readonly RememberedRecipient[]
  /** Gives how much was forgotten. */
  flush(which: FlushRecipients): number
  /** Size limits that next hops have announced. */
  sizes(): readonly LearntSize[]
  /** Asks the check of the recipient's domain now. `null`: its domain has none. */
  verify(mailbox: Mailbox): Promise<VerifiedRecipient | null>
}
