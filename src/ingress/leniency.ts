import { usualAddresses, usualLineEndings } from '../mail/listener-manners.ts'
import type { ListenerSettings } from '../mail/settings.ts'
import type { Leniency } from '../smtp/path-argument.ts'

/** How MAIL and RCPT are read: as the document says. */
export const leniencyOf = ({ kind, addresses }: ListenerSettings): Leniency =>
  (addresses ?? usualAddresses(kind)) === 'loose' ? 'lenient' : 'strict'

/** A bare LF in the message becomes CRLF. */
export const mendsLines = ({ kind, lineEndings }: ListenerSettings): boolean =>
  (lineEndings ?? usualLineEndings(kind)) === 'mend'
