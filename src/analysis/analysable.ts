import type { Graph, Node } from '../graph/graph.ts'

/**
 * What of a graph the analysis has no dimension for: what is asked of TLS, logins, certificates and HELO names, what is
 * only noted, and oracles other than DNS lists. `null`: it reads all of this graph. Callers say UNKNOWN, never silence.
 */
export function unreadIn({ nodes, entry }: Graph): string | null {
  for (const stage of ['helo', 'auth'] as const) {
    if (nodes[entry[stage]]!.kind !== 'next') return `the stage ${stage}`
  }
  for (const node of nodes) {
    const unread = unreadNode(node)
    if (unread !== null) return unread
  }
  return null
}

function unreadNode(node: Node): string | null {
  switch (node.kind) {
    case 'choice':
      return node.on === 'tls' ? 'tls' : null
    case 'table':
      return node.on === 'login' || node.on === 'certificate' || node.on === 'helo' ? `the ${node.on}` : null
    case 'oracle':
      return node.oracle.kind === 'dnsbl' ? null : node.oracle.kind
    case 'note':
      return node.note
    default:
      return null
  }
}
