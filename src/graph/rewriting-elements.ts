import type { RewriteSettings } from '../mail/rewriting.ts'
import type { Control } from './control.ts'

/** Paths of the rows of all rewritings, as a document has them: no node of the graph names them, and explanations do. */
export function rewritingElements({ rewritings = [], relays }: Control): string[] {
  return [
    ...rewritings.flatMap(({ name, ...settings }) => rowsOf(name, settings)),
    ...relays.flatMap(({ name, rewrite }) => (rewrite === undefined ? [] : rowsOf(`relays.${name}.rewrite`, rewrite))),
  ]
}

function rowsOf(section: string, settings: RewriteSettings): string[] {
  return (['senders', 'recipients', 'addresses'] as const).flatMap((key) =>
    (settings[key] ?? []).map(([pattern]) => `${section}.${key}[${JSON.stringify(pattern)}]`),
  )
}
