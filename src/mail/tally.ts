/**
 * What the sessions of a gateway came to since its start, for metrics. One increment where a line of the log is made
 * anyway, and none for each command.
 */
export type Tally = {
  /** Sessions that were greeted. */
  sessionsAccepted: number
  /** Connections that were sent away before a greeting, by the reason. */
  readonly sessionsRefused: Record<SessionRefusal, number>
  messagesAccepted: number
  /** Messages that were refused after their content came, or could not be stored. */
  readonly messagesRefused: Record<ReplyClass, number>
  /** Recipients that the document refused. */
  readonly recipientsRefused: Record<ReplyClass, number>
}

/**
 * `full`         no room for another session
 * `client-full`  the client has as many as it may have
 * `banned`       for what it did before
 * `document`     a rule does not greet it
 * `early`        it talked before it was greeted
 */
export type SessionRefusal = 'full' | 'client-full' | 'banned' | 'document' | 'early'

/** For now, or for good (RFC 5321 §4.2.1). */
export type ReplyClass = '4yz' | '5yz'

export const replyClass = (code: number): ReplyClass => (code < 500 ? '4yz' : '5yz')

export const emptyTally = (): Tally => ({
  sessionsAccepted: 0,
  sessionsRefused: { full: 0, 'client-full': 0, banned: 0, document: 0, early: 0 },
  messagesAccepted: 0,
  messagesRefused: { '4yz': 0, '5yz': 0 },
  recipientsRefused: { '4yz': 0, '5yz': 0 },
})
