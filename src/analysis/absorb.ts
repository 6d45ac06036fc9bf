import type { DiagramId } from './diagram.ts'
import { variable } from './dimensions.ts'
import type { Answer } from './question.ts'

/**
 * The same messages with fewer boxes: those of one class (`weak`: refused as before, in other words) take the class of
 * what is beside them, where that makes two branches of the diagram one. What is in no class stays in none, and all other
 * classes stay as they are: a reader sees "all of this network is refused now", not also the five ways in which some of
 * it was refused before. A box of which all was taken over is one of that class again (`movesIn`).
 */
export function absorbed(answer: Answer, weak: number): Answer {
  const { diagram } = answer
  const known = new Map<DiagramId, DiagramId>()
  const joined = new Map<string, DiagramId | null>()
  const lifts = new Map<string, DiagramId>()

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

  /** Where the first is weak and the second in another class, that class; all else of the first as it is. */
  const lift = (id: DiagramId, by: DiagramId): DiagramId => {
    if (id === by) return id
    if (id < 0 && by < 0) return ~id === weak && ~by !== 0 ? by : id
    const key = `${id} ${by}`
    let made = lifts.get(key)
    if (made === undefined) {
      const at = Math.min(diagram.variableOf(id), diagram.variableOf(by))
      const edges = new Int32Array(diagram.sizes[at]!)
      for (let atom = 0; atom < edges.length; atom++)
        edges[atom] = lift(diagram.along(id, at, atom), diagram.along(by, at, atom))
      made = diagram.select(at, edges)
      lifts.set(key, made)
    }
    return made
  }

  const simpler = (id: DiagramId): DiagramId => {
    if (id < 0) return id
    let found = known.get(id)
    if (found === undefined) {
      const children = new Map<DiagramId, DiagramId>()
      for (const child of diagram.edgesOf(id)) if (!children.has(child)) children.set(child, simpler(child))
      // Clients, logins and listeners stay apart: what one of them loses is no news of another.
      const isApart = diagram.variableOf(id) <= variable.login
      const groups = grouped([...new Set(children.values())], isApart ? () => null : join)
      const isNumber = diagram.variableOf(id) === variable.size || diagram.variableOf(id) === variable.hops
      const lifted = isNumber ? liftedAll(new Set(groups.values()), lift) : null
      const edges = diagram.edgesOf(id).map((child) => {
        const group = groups.get(children.get(child)!)!
        return lifted?.get(group) ?? group
      })
      found = diagram.select(diagram.variableOf(id), edges)
      known.set(id, found)
    }
    return found
  }
  return { ...answer, root: simpler(answer.root) }
}

/** More branches than these are left as they are: every two of them would be tried. */
const maxTried = 60

/**
 * Sizes and numbers of hops: a rule that refuses earlier takes what a limit refused before with it. Branches stay apart
 * where that is nothing to them.
 */
function liftedAll(
  branches: ReadonlySet<DiagramId>,
  lift: (id: DiagramId, by: DiagramId) => DiagramId,
): Map<DiagramId, DiagramId> {
  if (branches.size > maxTried) return new Map()
  return new Map(
    [...branches].map((branch) => {
      let made = branch
      for (const other of branches) made = lift(made, other)
      return [branch, made] as const
    }),
  )
}

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
