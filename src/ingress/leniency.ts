import type { ListenerSettings } from '../mail/settings.ts'
import type { Leniency } from '../smtp/path-argument.ts'

/** How MAIL and RCPT are read: as the document says, and else loosely where only known clients come. */
export const leniencyOf = ({ kind, addresses }: ListenerSettings): Leniency =>
  (addresses ?? (kind === 'internal' ? 'loose' : 'strict')) === 'loose' ? 'lenient' : 'strict'
