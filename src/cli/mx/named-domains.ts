import type { Graph } from '../../graph/graph.ts'

/** The domains that rows about recipients name, each once, sorted: no patterns, no mailboxes. */
export function namedDomains({ nodes }: Pick<Graph, 'nodes'>): readonly string[] {
  const found = new Set<string>()
  for (const node of nodes) {
    if (node.kind !== 'table' || node.on !== 'recipient') continue
    for (const [pattern] of node.rows) if (!/[*@]/.test(pattern)) found.add(pattern)
  }
  return [...found].sort()
}
