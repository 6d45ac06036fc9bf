/**
 * What a session does with the octets that come.
 *
 * refused    it may not: QUIT is answered, all else gets 503 (RFC 5321 §3.1)
 * command    reads command lines
 * exchange   reads the lines of a dialogue inside of a command
 * data       reads content up to CRLF.CRLF
 * chunk      reads the octets that BDAT announced
 * waiting    an oracle is asked, also before the greeting, or the message is being stored: what comes is kept for later
 * handshake  the line becomes an encrypted one; nothing in clear text is read any more
 * closing    the last reply is written; what comes is dropped until the peer closes
 * closed
 */
export type Mode =
  | 'refused'
  | 'command'
  | 'exchange'
  | 'data'
  | 'chunk'
  | 'waiting'
  | 'handshake'
  | 'closing'
  | 'closed'

/** The client may go on, or be sent away, between two lines. */
export const betweenLines: ReadonlySet<Mode> = new Set<Mode>(['command', 'exchange'])
