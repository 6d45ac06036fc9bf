import type { Mailbox } from '../../mail/path.ts'

/** What is known of a recipient. `reason`: in the words of whoever knows; for logs and people, never for the client. */
export type Known = { readonly kind: 'exists' | 'unknown'; readonly reason: string }

/** Hears each step of a question, in words. */
export type Tell = (step: string) => void

/**
 * One way to find out about recipients. It may throw, with a reason that holds no secret: that is "could not find out".
 * When `signal` is aborted it lets go of everything at once.
 */
export type Asker = {
  ask(mailbox: Mailbox, signal: AbortSignal, tell: Tell): Promise<Known>
  /** What it knows beside single recipients, for people. */
  notes?(): readonly string[]
  /** Forgets that; of one domain, or of all (`null`). */
  forget?(domain: string | null): void
  close(): void
}
