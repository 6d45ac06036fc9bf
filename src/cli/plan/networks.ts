import type { ChangeSet } from '../../analysis/change-set.ts'
import type { Graph } from '../../graph/graph.ts'

/**
 * What the documents call the networks that the boxes of a change set name. A name of the new document wins over one of
 * the old.
 */
export function networksOf({ changes }: ChangeSet, before: Graph, after: Graph): Readonly<Record<string, string>> {
  const wanted = new Set(
    changes.flatMap(({ box }) => (box.clients ?? []).flatMap(({ pattern, except }) => [pattern, ...except])),
  )
  const names = new Map<string, string>()
  for (const { claims } of [before, after]) {
    for (const [network, , at] of claims.clients) {
      const name = wanted.has(network) ? nameOf(at) : null
      if (name !== null) names.set(network, name)
    }
  }
  return Object.fromEntries([...names].sort())
}

/** `trusted["10.0.0.0/8"]` is `trusted`, `clients.scanner.networks[0]` is `client scanner`. */
function nameOf(at: string): string | null {
  if (at.startsWith('trusted')) return 'trusted'
  const [, plain, quoted] = /^clients(?:\.([\w$-]+)|\[("(?:[^"\\]|\\.)*")\])/.exec(at) ?? []
  if (plain !== undefined) return `client ${plain}`
  return quoted === undefined ? null : `client ${JSON.parse(quoted)}`
}
