import { answer, type Step, type Visit } from '../visit.ts'

/** HELP [topic] (RFC 5321 §4.1.1.8). */
export const help = ({ state }: Visit): Step =>
  answer(state, 214, '2.0.0', 'HELO EHLO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT\nsee RFC 5321')
