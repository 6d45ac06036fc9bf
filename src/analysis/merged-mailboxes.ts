import { eachCell, grouped } from './family.ts'
import { makeIntLists } from './int-lists.ts'
import type { Mailboxes, OwnBorder } from './mailboxes.ts'
import type { StateId } from './states.ts'

/**
 * The same patterns for somebody who sees only the class of a state: one state stands for all of which everybody, whatever
 * the local part, is in the same class, and where classes do not change there is no border. Of 100,000 routes to as many
 * hosts as many states are left as the classes tell apart.
 */
export function mergedMailboxes(family: Mailboxes, classOf: (state: StateId) => number): Mailboxes {
  const { states, locals } = family
  // States that are made while this looks at them are asked about as any other.
  const known = new Map<StateId, StateId>()
  const classes = makeIntLists()
  const first: StateId[] = []
  const key = new Int32Array(1 + locals.length)
  const standsFor = (state: StateId): StateId => {
    let found = known.get(state)
    if (found === undefined) {
      key[0] = classOf(state)
      for (let i = 0; i < locals.length; i++) key[i + 1] = classOf(states.after(state, locals[i]!.changes))
      const list = classes.intern(key, key.length)
      first[list] ??= state
      found = first[list]
      known.set(state, found)
    }
    return found
  }

  const { borders } = family
  const inner = new Int32Array(borders.cells.length)
  const outer = new Int32Array(borders.cells.length)
  const cells = new Int32Array(borders.cells.length)
  let count = 0
  let around = -1
  const isBorder = (state: StateId, without: StateId): boolean => {
    around = without < 0 ? -1 : standsFor(without)
    return standsFor(state) !== around
  }
  eachCell(borders, isBorder, (cell, state) => {
    inner[count] = standsFor(state)
    outer[count] = around
    cells[count++] = cell
  })

  const own = new Map<string, OwnBorder & { readonly cells: number[] }>()
  for (const { inner, outer, local, cells } of family.own) {
    const merged = { inner: standsFor(inner), outer: standsFor(outer), local }
    const key = `${merged.inner} ${merged.outer} ${local?.changes}`
    const border = own.get(key)
    if (border === undefined) own.set(key, { ...merged, cells: [...cells] })
    else for (const cell of cells) border.cells.push(cell)
  }
  return {
    ...family,
    borders: grouped(inner.subarray(0, count), outer.subarray(0, count), cells.subarray(0, count)),
    own: [...own.values()],
  }
}
