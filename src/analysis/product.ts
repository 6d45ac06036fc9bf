import { type Diagram, type DiagramId, makeDiagram, terminal } from './diagram.ts'
import type { Space } from './space.ts'
import type { ValueId } from './values.ts'

/** Several functions of the message as one, whose values are tuples. `side` of a part says whose function it is; -1: a set. */
export type Product = {
  readonly diagram: Diagram
  readonly root: DiagramId
  readonly tuples: readonly (readonly ValueId[])[]
  /** Of each tuple, whether the recipient has a say in it: it holds a token. */
  readonly isOpen: readonly boolean[]
  /** Of each value of a tuple, where it is a token, what it means for each fine recipient. */
  columns(tuple: number): readonly (Int32Array | null)[]
  /** The values for one fine recipient, tokens resolved. */
  resolve(tuple: number, fine: number): readonly ValueId[]
}

export type Part = { readonly root: DiagramId; readonly side: number }

/** The functions of a space that a question is about. */
export const behavioursOf = (space: Space, ...sides: readonly number[]): Part[] =>
  sides.map((side) => ({ root: space.behaviours[side]!, side }))
export const setsOf = (space: Space, ...sets: readonly number[]): Part[] =>
  sets.map((set) => ({ root: space.sets[set]!, side: -1 }))

export function multiply(space: Space, parts: readonly Part[]): Product {
  const { values, outcomes, diagram: source } = space
  const diagram = makeDiagram(source.sizes, space.budget)
  const tuples: (readonly ValueId[])[] = []
  const isOpen: boolean[] = []
  const numbers = new Map<string, number>()
  const known = new Map<string, DiagramId>()

  const tupleOf = (ids: readonly DiagramId[]): number => {
    const key = ids.join(' ')
    let number = numbers.get(key)
    if (number === undefined) {
      const tuple = ids.map((id) => ~id)
      number = tuples.push(tuple) - 1
      isOpen.push(tuple.some((value) => values.isToken(value)))
      numbers.set(key, number)
    }
    return number
  }
  const times = (ids: readonly DiagramId[]): DiagramId => {
    let first = Number.POSITIVE_INFINITY
    for (const id of ids) first = Math.min(first, source.variableOf(id))
    if (first === Number.POSITIVE_INFINITY) return terminal(tupleOf(ids))
    const key = ids.join(' ')
    const before = known.get(key)
    if (before !== undefined) return before
    const edges = new Int32Array(source.sizes[first]!)
    const alike = new Map<string, DiagramId>()
    for (let atom = 0; atom < edges.length; atom++) {
      const after = ids.map((id) => source.along(id, first, atom))
      const afterKey = after.join(' ')
      let edge = alike.get(afterKey)
      if (edge === undefined) {
        edge = times(after)
        alike.set(afterKey, edge)
      }
      edges[atom] = edge
    }
    const made = diagram.select(first, edges)
    known.set(key, made)
    return made
  }
  const root = times(parts.map((part) => part.root))
  // A token means the same for a recipient whichever tuple holds it; most tuples have none, and are what they are.
  const columns = tuples.map((tuple) =>
    tuple.map((id, index) => {
      const value = values.get(id)
      return value.kind === 'token' ? outcomes.column(parts[index]!.side, value) : null
    }),
  )
  const resolve = (tuple: number, fine: number): readonly ValueId[] => {
    const own = tuples[tuple]!
    return isOpen[tuple] ? own.map((id, index) => columns[tuple]![index]?.[fine] ?? id) : own
  }
  return { diagram, root, tuples, isOpen, columns: (tuple) => columns[tuple]!, resolve }
}
