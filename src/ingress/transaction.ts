import type { Envelope } from '../mail/envelope.ts'
import type { ReversePath } from '../mail/path.ts'
import type { Admission } from './admission.ts'
import type { Incoming } from './incoming.ts'
import type { Recipients } from './recipients.ts'

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
  /** MAIL said REQUIRETLS. */
  readonly requireTls?: true
  /** The one of all values of this transaction. */
  readonly recipients: Recipients
  /** The message, once its first BDAT has come. */
  readonly incoming: Incoming | null
}
