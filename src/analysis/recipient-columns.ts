import type { DiagramId } from './diagram.ts'
import { makePairMap } from './pair-map.ts'
import type { Answer } from './question.ts'
import type { ValueId } from './values.ts'

/**
 * What stands below all variables but the recipient, as columns: to each recipient the pair of behaviours before and
 * after, or that they are the same. Recipients that are alike in every column are one group.
 */
export type RecipientColumns = {
  /** The column of a node of the recipient, or of a terminal. Equal columns have one number. */
  of(id: DiagramId): number
  groupOf(fine: number): number
  readonly groups: number
  /** What happens to a group in these columns. */
  inGroup(group: number, met: readonly number[]): { readonly form: Form; readonly own: readonly ValueId[] }
}

/**
 * The different pairs (`null`: the same before and after), and which of them each column has. Groups that differ only in
 * where their own mail goes have one form, and each its own values.
 */
export type Form = { readonly pairs: readonly Pair[]; readonly indexes: string }
export type Pair = readonly [from: Word, to: Word] | null
/** A value that is part of the form, or the number of one that is the group's own. */
export type Word = { readonly value: ValueId } | { readonly own: number }

export function recipientColumns({ space, product, likeness }: Answer): RecipientColumns {
  const { recipients, dimensions } = space
  const last = dimensions.recipient
  const nodes = lowestNodes()
  /** How the nodes share pairs: of each node the index of its pair among those of the group. */
  const shapes = new Map<string, number>()
  const shapeList: (readonly number[])[] = []
  /** By the name of a kind, the groups by their own values. */
  const groups = new Map<string, ReturnType<typeof knownGroups>>()
  const kinds = likeness.examples.map(kindOfGroups)

  const members: number[] = []
  const groupOf = new Int32Array(recipients.fine.length)
  for (let fine = 0; fine < groupOf.length; fine++) {
    const { own, known } = kinds[likeness.kindOf[fine]!]!
    // Of one value of its own, or of two, no text is made: these are the usual numbers.
    const [a, b, c] = own
    const group =
      c === undefined
        ? known.ofTwo(a === undefined ? 0 : a[fine]!, b === undefined ? 0 : b[fine]!, members.length)
        : known.ofMany(own.map((column) => column[fine]).join(' '), members.length)
    if (group === members.length) members.push(fine)
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
  const forms = new Map<string, { readonly form: Form; readonly order: readonly number[] }>()
  return {
    of: (id) => columnOf.get(id)!,
    groupOf: (fine) => groupOf[fine]!,
    groups: members.length,
    inGroup(group, met) {
      const fine = members[group]!
      const { name, shape, pairs, own } = kinds[likeness.kindOf[fine]!]!
      let seen = forms.get(name)
      if (seen === undefined) {
        const places = met.map((column) => shapeList[shape]![firstNode[column]!]!)
        const unique = [...new Set(places)]
        const order: number[] = []
        const renumbered = (word: Word): Word => {
          if ('value' in word) return word
          if (!order.includes(word.own)) order.push(word.own)
          return { own: order.indexOf(word.own) }
        }
        const form = {
          pairs: unique.map((place): Pair => {
            const pair = pairs[place]!
            return pair === null ? null : [renumbered(pair[0]), renumbered(pair[1])]
          }),
          indexes: places.map((place) => unique.indexOf(place)).join(' '),
        }
        seen = { form, order }
        forms.set(name, seen)
      }
      return { form: seen.form, own: seen.order.map((index) => own[index]![fine]!) }
    },
  }

  /**
   * What all recipients of a kind have in common: the shape, its pairs, and the columns from which the values come that
   * are each one's own. Two recipients are one group when these values are the same and the name is, which says all else.
   */
  function kindOfGroups(example: number) {
    const coarse = recipients.coarseOf[example]!
    const tuples = nodes.map((id) => ~product.diagram.along(id, last, coarse))
    const own: Int32Array[] = []
    const numbers = new Map<ValueId, number>()
    const wordOf = (value: ValueId, column: Int32Array | null): Word => {
      // A refusal by the route is the same one for the whole kind (`kindTrait`), as is what no column says.
      if (column === null || space.values.get(value).kind === 'refused') return { value }
      let number = numbers.get(value)
      if (number === undefined) {
        number = own.push(column) - 1
        numbers.set(value, number)
      }
      return { own: number }
    }
    const pairs: Pair[] = []
    const unique = new Map<string, number>()
    const placeOf = new Map<number, number>()
    for (const tuple of new Set(tuples)) {
      const [from, to] = product.resolve(tuple, example) as [ValueId, ValueId]
      const [fromColumn, toColumn] = product.columns(tuple) as [Int32Array | null, Int32Array | null]
      const pair = from === to ? null : ([wordOf(from, fromColumn), wordOf(to, toColumn)] as const)
      const text = JSON.stringify(pair)
      let place = unique.get(text)
      if (place === undefined) {
        place = pairs.push(pair) - 1
        unique.set(text, place)
      }
      placeOf.set(tuple, place)
    }
    const shape = shapeOf(tuples.map((tuple) => placeOf.get(tuple)!))
    const name = `${shape} ${[...unique.keys()].join(' ')}`
    const known = groups.get(name) ?? knownGroups()
    groups.set(name, known)
    return { name, shape, pairs, own, known }
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

/** Groups by their own values; each call gives the group of these, which is `next` where they are new. */
function knownGroups() {
  const pairs = makePairMap()
  const texts = new Map<string, number>()
  return {
    ofTwo(a: number, b: number, next: number): number {
      const group = pairs.get(a, b)
      if (group >= 0) return group
      pairs.put(a, b, next)
      return next
    },
    ofMany(text: string, next: number): number {
      const group = texts.get(text) ?? next
      texts.set(text, group)
      return group
    },
  }
}
