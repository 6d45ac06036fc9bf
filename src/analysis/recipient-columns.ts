import type { DiagramId } from './diagram.ts'
import type { Answer } from './question.ts'

/**
 * What stands below all variables but the recipient, as columns: to each recipient the pair of behaviours before and
 * after, or that they are the same. Recipients that are alike in every column are one group.
 */
type Pair = readonly [from: number, to: number] | null

export type RecipientColumns = {
  /** The column of a node of the recipient, or of a terminal. Equal columns have one number. */
  of(id: DiagramId): number
  groupOf(fine: number): number
  /** What happens to a group in these columns: the different pairs (`null`: the same), and which of them each column has. */
  inGroup(group: number, met: readonly number[]): { readonly pairs: readonly Pair[]; readonly indexes: string }
}

export function recipientColumns({ space, product }: Answer): RecipientColumns {
  const { recipients, dimensions } = space
  const last = dimensions.recipient
  const nodes = lowestNodes()
  const coarseCount = recipients.coarse.length
  /** Of each coarse atom, which tuple each node has there, and the tuples without repetition. */
  const rows = Array.from({ length: coarseCount }, (_, coarse) => {
    const tuples = nodes.map((id) => ~product.diagram.along(id, last, coarse))
    return { tuples, distinct: [...new Set(tuples)] }
  })

  const pairs = new Map<string, number>([['same', -1]])
  const pairList: (readonly [number, number])[] = []
  const pairOf = (tuple: number, fine: number): number => {
    const [from, to] = product.resolve(tuple, fine) as [number, number]
    if (from === to) return -1
    const key = `${from} ${to}`
    let pair = pairs.get(key)
    if (pair === undefined) {
      pair = pairList.push([from, to]) - 1
      pairs.set(key, pair)
    }
    return pair
  }
  /** How the nodes share pairs: of each node the index of its pair among those of the group. */
  const shapes = new Map<string, number>()
  const shapeList: (readonly number[])[] = []
  const groups = new Map<string, number>()
  const members: { readonly shape: number; readonly pairs: readonly number[] }[] = []
  const groupOf = new Int32Array(recipients.fine.length)
  const byEquality = new Map<string, number>()
  for (let fine = 0; fine < groupOf.length; fine++) {
    const coarse = recipients.coarseOf[fine]!
    const { tuples, distinct } = rows[coarse]!
    const found = distinct.map((tuple) => pairOf(tuple, fine))
    const unique = [...new Set(found)]
    const equality = `${coarse} ${found.map((pair) => unique.indexOf(pair)).join(' ')}`
    let shape = byEquality.get(equality)
    if (shape === undefined) {
      const indexOf = new Map(distinct.map((tuple, i) => [tuple, unique.indexOf(found[i]!)]))
      shape = shapeOf(tuples.map((tuple) => indexOf.get(tuple)!))
      byEquality.set(equality, shape)
    }
    const key = `${shape} ${unique.join(' ')}`
    let group = groups.get(key)
    if (group === undefined) {
      group = members.push({ shape, pairs: unique }) - 1
      groups.set(key, group)
    }
    groupOf[fine] = group
  }

  // Nodes that have the same place in every shape are one column.
  const columnOf = new Map<DiagramId, number>()
  const columns = new Map<string, number>()
  const firstNode: number[] = []
  for (const [index, id] of nodes.entries()) {
    const key = shapeList.map((shape) => shape[index]).join(' ')
    let column = columns.get(key)
    if (column === undefined) {
      column = firstNode.push(index) - 1
      columns.set(key, column)
    }
    columnOf.set(id, column)
  }
  const views = new Map<number, { readonly order: readonly number[]; readonly indexes: string }>()
  return {
    of: (id) => columnOf.get(id)!,
    groupOf: (fine) => groupOf[fine]!,
    inGroup(group, met) {
      const { shape, pairs } = members[group]!
      let seen = views.get(shape)
      if (seen === undefined) {
        const places = met.map((column) => shapeList[shape]![firstNode[column]!]!)
        const order = [...new Set(places)]
        seen = { order, indexes: places.map((place) => order.indexOf(place)).join(' ') }
        views.set(shape, seen)
      }
      return {
        pairs: seen.order.map((place) => (pairs[place]! < 0 ? null : pairList[pairs[place]!]!)),
        indexes: seen.indexes,
      }
    },
  }

  function shapeOf(of: readonly number[]): number {
    const key = of.join(' ')
    let shape = shapes.get(key)
    if (shape === undefined) {
      shape = shapeList.push(of) - 1
      shapes.set(key, shape)
    }
    return shape
  }

  /** All that the variables before the recipient lead to. */
  function lowestNodes(): DiagramId[] {
    const found: DiagramId[] = []
    const seen = new Set<DiagramId>()
    const open = [product.root]
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (seen.has(id)) continue
      seen.add(id)
      if (product.diagram.variableOf(id) >= last) found.push(id)
      else open.push(...new Set(product.diagram.edgesOf(id)))
    }
    return found
  }
}
