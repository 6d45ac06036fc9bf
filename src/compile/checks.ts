import type { Document } from '../config/document.ts'
import type { Builder, Ref } from './builder.ts'
import { cannotTell, follow } from './refusal.ts'

/** The checks of each listener, in front of `next`; without names, of the listeners of kind `mx`. */
export function checks(build: Builder, document: Document, next: Ref): Ref {
  const all = document.checks ?? []
  const cases = document.listeners.map((listener) => {
    const mine = all.filter(({ listeners }) =>
      listeners === null ? listener.kind === 'mx' : listeners.includes(listener.name),
    )
    let first = next
    for (const { id, then, onError, mode, at } of mine.toReversed()) {
      const listed = follow(build, then, { at, mode }, first)
      const error =
        onError === 'ignore' || mode === 'observe'
          ? first
          : cannotTell(build, 'you cannot be checked now, try again later', at)
      first = build.oracle({ oracle: { kind: 'check', id }, at }, { listed, clear: first, error })
    }
    return [listener.name, first] as const
  })
  return build.choice('listener', cases, next)
}
