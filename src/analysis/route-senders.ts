import { type CanonId, type CanonTable, type makeCanon, reachedFrom } from './canon.ts'
import type { PatternAtoms } from './dimensions.ts'
import type { Mailboxes } from './mailboxes.ts'

/**
 * Routes by sender. Senders whom the route stages of all sides treat alike are one class, and to each class a route stage is
 * one that asks for the recipient alone: what asks for the sender is replaced by where it leads that class. Without such
 * tables there is one class, and the stages are what they were.
 */
export type RouteSenders = {
  /** Of each atom of the sender its class. */
  readonly classOf: Int32Array
  /** Of each side and class the route stage. */
  readonly entries: readonly (readonly CanonId[])[]
}

export function routeSenders(
  canon: ReturnType<typeof makeCanon>,
  entries: readonly CanonId[],
  senders: PatternAtoms<Mailboxes>,
): RouteSenders {
  const { nodes } = canon
  const tables = reachedFrom(nodes, entries).filter((id) => {
    const node = nodes[id]!
    return node.kind === 'table' && node.on === 'sender'
  })
  // Nobody asks for the sender: all are one class, and the stages stay as they are.
  if (tables.length === 0)
    return { classOf: new Int32Array(senders.states.length), entries: entries.map((entry) => [entry]) }
  const classes = new Map<string, number>()
  const examples: number[] = []
  const classOf = Int32Array.from(senders.states, (_, atom) => {
    const key = tables.map((id) => senders.labelOf(id, atom)).join(' ')
    let found = classes.get(key)
    if (found === undefined) {
      found = examples.push(atom) - 1
      classes.set(key, found)
    }
    return found
  })
  const ofClass = examples.map((atom) => specialised((id) => senders.labelOf(id, atom)))
  return { classOf, entries: entries.map((entry) => ofClass.map((of) => of(entry))) }

  function specialised(labelOf: (table: CanonId) => CanonId): (entry: CanonId) => CanonId {
    const known = new Map<CanonId, CanonId>()
    const to = (id: CanonId): CanonId => known.get(id)!
    return (entry) => {
      // What a node leads to comes before it.
      for (const id of reachedFrom(nodes, [entry])) if (!known.has(id)) known.set(id, replaced(id, labelOf, to))
      return to(entry)
    }
  }

  function replaced(id: CanonId, labelOf: (table: CanonId) => CanonId, to: (id: CanonId) => CanonId): CanonId {
    const node = nodes[id]!
    if (node.kind === 'tag') return canon.tag(node.tag, to(node.to))
    if (node.kind !== 'table') return id
    if (node.on === 'sender') return to(labelOf(id))
    const labels = node.labels.map(to)
    const otherwise = to(node.otherwise)
    return isSame(node, labels, otherwise) ? id : canon.table(node.on, node.rows, labels, otherwise)
  }
}

const isSame = (table: CanonTable, labels: Int32Array, otherwise: CanonId): boolean =>
  otherwise === table.otherwise && labels.every((label, i) => label === table.labels[i])
