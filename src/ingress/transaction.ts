import type { Envelope, Recipient } from '../mail/envelope.ts'
import type { ReversePath } from '../mail/path.ts'
import type { Admission } from './admission.ts'
import type { Incoming } from './incoming.ts'
import type { LetIn } from './scribe.ts'

/** A mail transaction, MAIL to the end of the data (RFC 5321 §3.3). One value: whatever ends it drops all of it. */
export type Transaction = {
  /** The one that was active at MAIL; an apply does not change a transaction under way. */
  readonly admission: Admission
  readonly from: ReversePath
  /** Announced by SIZE=, or `null`. */
  readonly sizeBytes: number | null
  readonly body: Envelope['body']
  readonly smtputf8: boolean
  readonly ret: Envelope['ret']
  readonly envid: string | null
  readonly recipients: readonly Recipient[]
  /** RCPT commands that were answered 250; aliases make this differ from the number of recipients. */
  readonly forwardPaths: number
  /** The row of the document that let the first recipient in. */
  readonly at: string | null
  /** What RCPT was answered 250 to and stands in no record yet; the one list of all values of this transaction. */
  readonly letIn: LetIn[]
  /** The message, once its first BDAT has come. */
  readonly incoming: Incoming | null
}
