/**
 * What earns a client a ban, counted over sessions in a sliding window per /32 or /64. `null`: not counted.
 * A first ban lasts `forMs`; each further one of the same client twice as long, up to `maxMs`.
 */
export type BanSettings = {
  /** Logins that failed. */
  readonly failures: number | null
  readonly unknownRecipients: number | null
  /** Commands that are none, wrong arguments, talking out of turn. */
  readonly protocolErrors: number | null
  /** HTTP requests on an SMTP port. */
  readonly httpRequests: number | null
  readonly windowMs: number
  readonly forMs: number
  readonly maxMs: number
  /** Networks that are never banned, canonical. */
  readonly except: readonly string[]
  /** Before a failed login is answered: the first wait, doubled with each further failure of the client. `null`: none. */
  readonly delay: { readonly firstMs: number; readonly maxMs: number } | null
  /**
   * Of one account as seen from networks that have not logged in to it lately: nobody locks out the account of another
   * from elsewhere. `null`: none.
   */
  readonly lockOut: { readonly failures: number; readonly windowMs: number; readonly forMs: number } | null
}
