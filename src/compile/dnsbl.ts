import type { Document } from '../config/document.ts'
import type { Builder, Ref } from './builder.ts'

/**
 * The lists of each listener in the document's order, in front of `next`; without names, of the listeners of kind `mx`.
 * What happens when a list cannot be asked is written in the document: an error is never the same as clear by itself.
 */
export function dnsbl(build: Builder, document: Document, next: Ref): Ref {
  const cases = document.listeners.map((listener) => {
    const lists = document.dnsbl.filter(({ listeners }) =>
      listeners === null ? listener.kind === 'mx' : listeners.includes(listener.name),
    )
    let first = next
    for (const { id, zone, codes, onListed, onError, at } of lists.toReversed()) {
      const listed = build.leaf({
        kind: 'refuse',
        code: onListed.code,
        status: `${Math.floor(onListed.code / 100)}.7.1`,
        text: onListed.text,
        at,
      })
      const error =
        onError === 'ignore'
          ? first
          : build.leaf({
              kind: 'refuse',
              code: 451,
              status: '4.7.1',
              text: 'your address cannot be checked now, try again later',
              at,
            })
      const oracle = { kind: 'dnsbl', id, zone, codes: [...new Set(codes)].sort() } as const
      first = build.oracle({ oracle, at }, { listed, clear: first, error })
    }
    return [listener.name, first] as const
  })
  return build.choice('listener', cases, next)
}
