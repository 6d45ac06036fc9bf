import type { ListenerSettings } from '../mail/settings.ts'
import type { Leniency } from '../smtp/path-argument.ts'

/** How MAIL and RCPT are read: as the document says, and else loosely where only known clients come. */
export const leniencyOf = ({ kind, addresses }: ListenerSettings): Leniency =>
  (addresses ?? (kind === 'internal' ? 'loose' : 'strict')) === 'loose' ? 'lenient' : 'strict'

/** A bare LF in the message becomes CRLF: where only known clients come (RFC 6409 §8), or as the document says. */
export const mendsLines = ({ kind, lineEndings }: ListenerSettings): boolean =>
  (lineEndings ?? (kind === 'mx' ? 'strict' : 'mend')) === 'mend'
