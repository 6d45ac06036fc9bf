import type { Mailbox } from '../mail/path.ts'
import type { RewriteSettings } from '../mail/rewriting.ts'
import type { SrsSettings } from '../mail/srs.ts'

/** Addresses and copies in a document after validation (see `document.ts`). */

/** Of clients that are internal and have none of their own. */
export type RewriteEntry = RewriteSettings & { readonly at: string }

export type SrsEntry = Omit<SrsSettings, 'ours'> & { readonly at: string }

/** What is `null` is not asked. */
export type JournalEntry = {
  readonly at: string
  readonly to: Mailbox
  readonly form: 'report' | 'message'
  readonly senders: readonly string[] | null
  readonly recipients: readonly string[] | null
  readonly direction: 'in' | 'out' | 'internal' | null
}
