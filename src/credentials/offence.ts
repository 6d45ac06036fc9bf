/**
 * login       a login that failed
 * recipient   a recipient that does not exist
 * protocol    a command that is none, wrong arguments, talking out of turn, a message that is not made of lines
 * http        an HTTP request: somebody's browser is made to talk to us
 */
export const offences = ['login', 'recipient', 'protocol', 'http'] as const
export type Offence = (typeof offences)[number]

/** For lists and the log. */
export const offenceText: Readonly<Record<Offence, string>> = {
  login: 'failed logins',
  recipient: 'unknown recipients',
  protocol: 'protocol errors',
  http: 'HTTP requests',
}
