import type { DiagramId } from './diagram.ts'
import { variable } from './dimensions.ts'
import type { Answer } from './question.ts'

/**
 * The same messages with fewer boxes: those of one class (`weak`: refused as before, in other words) take the class of
 * what is beside them, where that makes two branches of the diagram one. What is in no class stays in none, and all other
 * classes stay as they are: a reader sees "all of this network is refused now", not also the five ways in which some of
 * it was refused before.
 */
export function absorbed(answer: Answer, weak: number): Answer {
  const { diagram } = answer
  const known = new Map<DiagramId, DiagramId>()
  const joined = new Map<string, DiagramId | null>()

  /** What both are, where one of them is weak the other; `null` when they differ. */
  const join = (a: DiagramId, b: DiagramId): DiagramId | null => {
    if (a === b) return a
    if (a < 0 && b < 0) {
      if (~a === weak && ~b !== 0) return b
      return ~b === weak && ~a !== 0 ? a : null
    }
    const key = a < b ? `${a} ${b}` : `${b} ${a}`
    const before = joined.get(key)
    if (before !== undefined) return before
    const at = Math.min(diagram.variableOf(a), diagram.variableOf(b))
    const edges = new Int32Array(diagram.sizes[at]!)
    let made: DiagramId | null = null
    let atom = 0
    for (; atom < edges.length; atom++) {
      const edge = join(diagram.along(a, at, atom), diagram.along(b, at, atom))
      if (edge === null) break
      edges[atom] = edge
    }
    if (atom === edges.length) made = diagram.select(at, edges)
    joined.set(key, made)
    return made
  }

  const simpler = (id: DiagramId): DiagramId => {
    if (id < 0) return id
    let found = known.get(id)
    if (found === undefined) {
      const children = new Map<DiagramId, DiagramId>()
      for (const child of diagram.edgesOf(id)) if (!children.has(child)) children.set(child, simpler(child))
      // Clients and listeners stay apart: what one of them loses is no news of another.
      const isApart = diagram.variableOf(id) <= variable.client
      const groups = grouped([...new Set(children.values())], isApart ? () => null : join)
      const edges = diagram.edgesOf(id).map((child) => groups.get(children.get(child)!)!)
      found = diagram.select(diagram.variableOf(id), edges)
      known.set(id, found)
    }
    return found
  }
  return { ...answer, root: simpler(answer.root) }
}

/** More branches than these are left as they are: every two of them would be tried. */
const maxTried = 60

/** Branches that can be one, one after the other: of each what it becomes. */
function grouped(
  branches: readonly DiagramId[],
  join: (a: DiagramId, b: DiagramId) => DiagramId | null,
): Map<DiagramId, DiagramId> {
  if (branches.length > maxTried) return new Map(branches.map((branch) => [branch, branch]))
  const groups: { common: DiagramId; readonly members: DiagramId[] }[] = []
  for (const branch of branches) {
    let isTaken = false
    for (const group of groups) {
      const common = join(group.common, branch)
      if (common === null) continue
      group.common = common
      group.members.push(branch)
      isTaken = true
      break
    }
    if (!isTaken) groups.push({ common: branch, members: [branch] })
  }
  return new Map(groups.flatMap(({ common, members }) => members.map((member) => [member, common] as const)))
}
