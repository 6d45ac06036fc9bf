import type { ListenerSettings } from './settings.ts'

// What listeners do where the document does not say.

/** Syntax of MAIL and RCPT. */
export const usualAddresses = (kind: ListenerSettings['kind']): 'strict' | 'loose' =>
  kind === 'internal' ? 'loose' : 'strict'

/** A bare LF in a message: mended where only known clients come (RFC 6409 §8). */
export const usualLineEndings = (kind: ListenerSettings['kind']): 'strict' | 'mend' =>
  kind === 'mx' ? 'strict' : 'mend'
