import type { ProbeMechanism, ProbeResult } from './talk.ts'

/**
 * As MailTest ended, for scripts that were written for it:
 *   0   all that was asked for went well
 *   1   the command line says nothing sensible
 *   4   a recipient without a sender
 *   5   a sender without a recipient
 *   6   AUTH PLAIN failed; 7 AUTH LOGIN; 8 AUTH CRAM-MD5
 *   9   AUTH CRAM-MD5, and the host gave no challenge
 *   10  anything else of SMTP: the host's reply says what
 * 2 and 3 are of POP3.
 */
export const probeExits = [
  [0, 'all that was asked for went well'],
  [1, 'the command line, a file or a secret is wrong'],
  [4, 'a recipient without a sender'],
  [5, 'a sender without a recipient'],
  [6, 'AUTH PLAIN failed'],
  [7, 'AUTH LOGIN failed'],
  [8, 'AUTH CRAM-MD5 failed'],
  [9, 'AUTH CRAM-MD5: the host gave no challenge'],
  [10, 'no connection, no TLS, another AUTH failed, or the host refused; what is printed says which'],
] as const

export function exitCodeOf(result: ProbeResult, mechanism: ProbeMechanism | null): number {
  if (result.kind === 'ok') return 0
  if (result.step !== 'auth') return 10
  switch (mechanism) {
    case 'PLAIN':
      return 6
    case 'LOGIN':
      return 7
    case 'CRAM-MD5':
      return result.noChallenge === true ? 9 : 8
    default:
      return 10
  }
}
