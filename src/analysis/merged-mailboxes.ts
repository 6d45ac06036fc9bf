import type { Border } from './family.ts'
import type { Mailboxes, OwnBorder } from './mailboxes.ts'
import type { StateId } from './states.ts'

/**
 * The same patterns for somebody who sees only the class of a state: one state stands for all of which everybody, whatever
 * the local part, is in the same class, and where classes do not change there is no border. Of 100,000 routes to as many
 * hosts as many states are left as the classes tell apart.
 */
export function mergedMailboxes(family: Mailboxes, classOf: (state: StateId) => number): Mailboxes {
  const { states, locals } = family
  const known = new Map<StateId, StateId>()
  const first = new Map<string, StateId>()
  const standsFor = (state: StateId): StateId => {
    let found = known.get(state)
    if (found === undefined) {
      let key = String(classOf(state))
      for (const { changes } of locals) key += ` ${classOf(states.after(state, changes))}`
      found = first.get(key) ?? state
      first.set(key, found)
      known.set(state, found)
    }
    return found
  }

  const borders = new Map<string, Border & { readonly cells: number[] }>()
  for (const { inner, outer, cells } of family.borders) {
    const merged = { inner: standsFor(inner), outer: outer === null ? null : standsFor(outer) }
    if (merged.inner === merged.outer) continue
    const key = `${merged.inner} ${merged.outer}`
    const border = borders.get(key)
    if (border === undefined) borders.set(key, { ...merged, cells: [...cells] })
    else for (const cell of cells) border.cells.push(cell)
  }
  const own = new Map<string, OwnBorder & { readonly cells: number[] }>()
  for (const { inner, outer, local, cells } of family.own) {
    const merged = { inner: standsFor(inner), outer: standsFor(outer), local }
    const key = `${merged.inner} ${merged.outer} ${local?.changes}`
    const border = own.get(key)
    if (border === undefined) own.set(key, { ...merged, cells: [...cells] })
    else for (const cell of cells) border.cells.push(cell)
  }
  return { ...family, borders: [...borders.values()], own: [...own.values()] }
}
