import { BudgetExceeded, type DiagramId } from './diagram.ts'
import type { Answer } from './question.ts'

/** Messages of one class: of each variable a set of atoms, `null` for all of them. */
export type Cut = { readonly of: number; readonly sets: readonly (readonly number[] | null)[] }

/** More boxes than anybody reads: the answer is given up, not the machine. */
const maxCuts = 20_000

/**
 * Disjoint boxes of all classes but 0: edges that lead to one child are one, and boxes that differ in one dimension only
 * are joined until there are none.
 */
export function cut({ diagram, root }: Answer): Cut[] {
  const sets = makeSets(diagram.sizes)
  type Draft = { readonly of: number; readonly sets: Int32Array }
  const keyOf = (draft: Draft, without: number): string => {
    let key = `${draft.of}`
    for (let v = 0; v < draft.sets.length; v++) if (v !== without) key += ` ${draft.sets[v]}`
    return key
  }
  /** Boxes that differ in this variable alone become one. */
  const joined = (drafts: readonly Draft[], variable: number): Draft[] => {
    const groups = new Map<string, Draft[]>()
    for (const draft of drafts) {
      const key = keyOf(draft, variable)
      const group = groups.get(key)
      if (group === undefined) groups.set(key, [draft])
      else group.push(draft)
    }
    return [...groups.values()].map((group) => {
      if (group.length === 1) return group[0]!
      const union = group[0]!.sets.slice()
      union[variable] = sets.union(
        variable,
        group.map((draft) => draft.sets[variable]!),
      )
      return { of: group[0]!.of, sets: union }
    })
  }

  const known = new Map<DiagramId, Draft[]>()
  const drafts = (id: DiagramId): Draft[] => {
    if (id < 0) return ~id === 0 ? [] : [{ of: ~id, sets: new Int32Array(diagram.sizes.length) }]
    let found = known.get(id)
    if (found === undefined) {
      const variable = diagram.variableOf(id)
      const byChild = new Map<DiagramId, number[]>()
      for (const [atom, child] of diagram.edgesOf(id).entries()) {
        const atoms = byChild.get(child)
        if (atoms === undefined) byChild.set(child, [atom])
        else atoms.push(atom)
      }
      const all: Draft[] = []
      for (const [child, atoms] of byChild) {
        const set = sets.of(variable, atoms)
        for (const draft of drafts(child)) {
          const narrowed = draft.sets.slice()
          narrowed[variable] = set
          all.push({ of: draft.of, sets: narrowed })
        }
        if (all.length > maxCuts * 10) throw new BudgetExceeded(maxCuts)
      }
      found = joined(all, variable)
      if (found.length > maxCuts) throw new BudgetExceeded(maxCuts)
      known.set(id, found)
    }
    return found
  }

  let boxes = drafts(root)
  for (let before = -1; before !== boxes.length; ) {
    before = boxes.length
    for (let variable = diagram.sizes.length - 1; variable >= 0; variable--) boxes = joined(boxes, variable)
  }
  return boxes.map((draft) => ({ of: draft.of, sets: Array.from(draft.sets, (set, v) => sets.atoms(v, set)) }))
}

/** Sets of atoms by number; 0 is all. */
function makeSets(sizes: readonly number[]) {
  const lists: (readonly number[])[][] = sizes.map((size) => [Array.from({ length: size }, (_, atom) => atom)])
  const known = sizes.map(() => new Map<string, number>())
  const of = (variable: number, atoms: readonly number[]): number => {
    if (atoms.length === sizes[variable]) return 0
    const sorted = [...atoms].sort((a, b) => a - b)
    const key = sorted.join(' ')
    let set = known[variable]!.get(key)
    if (set === undefined) {
      set = lists[variable]!.push(sorted) - 1
      known[variable]!.set(key, set)
    }
    return set
  }
  return {
    of,
    union: (variable: number, parts: readonly number[]): number =>
      of(variable, [...new Set(parts.flatMap((set) => lists[variable]![set]!))]),
    atoms: (variable: number, set: number): readonly number[] | null => (set === 0 ? null : lists[variable]![set]!),
  }
}
