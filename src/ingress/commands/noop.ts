import { answer, type Step, type Visit } from '../visit.ts'

/** NOOP [text] (RFC 5321 §4.1.1.9): the text means nothing. */
export const noop = ({ state }: Visit): Step => answer(state, 250, '2.0.0', 'ok')
