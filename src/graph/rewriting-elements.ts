import type { RewriteSettings } from '../mail/rewriting.ts'
import type { Control } from './control.ts'

/** Paths of the rows of all rewritings, as a document has them: no node of the graph names them, and explanations do. */
export function rewritingElements({ rewritings = [], relays, destinations = [] }: Control): string[] {
  return [
    ...rewritings.flatMap(({ name, ...settings }) => rowsOf(name, settings)),
    ...relays.flatMap(({ name, rewrite }) => (rewrite === undefined ? [] : rowsOf(`relays.${name}.rewrite`, rewrite))),
    ...destinations.flatMap(({ pattern, rewrite }) =>
      rewrite === undefined ? [] : rowsOf(`${destinationElement(pattern)}.rewrite`, rewrite),
    ),
  ]
}

/** As positions of a document have it: what is a plain name stands there as one. */
export const destinationElement = (pattern: string): string =>
  /^[A-Za-z_$][\w$-]*$/.test(pattern) ? `destinations.${pattern}` : `destinations[${JSON.stringify(pattern)}]`

function rowsOf(section: string, settings: RewriteSettings): string[] {
  return (['senders', 'recipients', 'addresses'] as const).flatMap((key) =>
    (settings[key] ?? []).map(([pattern]) => `${section}.${key}[${JSON.stringify(pattern)}]`),
  )
}
