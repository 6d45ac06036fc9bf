/**
 * Multi-valued ordered decision diagrams, hash-consed: equal functions are one number. A node asks one variable and has
 * an edge for each of its atoms; variables come in a fixed order along every path, and a node whose edges all lead to one
 * place is that place. Negative numbers are terminals: `~n` is value `n` of whoever made the diagram.
 */
export type DiagramId = number

/** The work that was allowed is done, and the answer is not there yet. */
export class BudgetExceeded extends Error {
  constructor(budget: number) {
    super(`more than ${budget} nodes of the decision diagram would be needed`)
    this.name = 'BudgetExceeded'
  }
}

export type Diagram = {
  /** The number of atoms of each variable. */
  readonly sizes: readonly number[]
  /** Infinity for a terminal. */
  variableOf(id: DiagramId): number
  /** The edge of a node; of what does not ask this variable, itself. */
  along(id: DiagramId, variable: number, atom: number): DiagramId
  edgesOf(id: DiagramId): Int32Array
  /**
   * The function that asks `variable` and goes on with what stands at its atom. What stands there may ask variables that
   * come before: they are asked first.
   */
  select(variable: number, edges: Int32Array): DiagramId
  count(): number
}

export const terminal = (value: number): DiagramId => ~value

/** `budget`: nodes; an edge list of a thousand atoms counts as a hundred of them, as memory is what runs out. */
export function makeDiagram(sizes: readonly number[], budget: number): Diagram {
  const variables: number[] = []
  const lists: Int32Array[] = []
  const known = makeListMap()
  const selected = makeListMap()
  let spent = 0
  const spend = (edges: number) => {
    spent += 1 + edges / 10
    if (spent > budget) throw new BudgetExceeded(budget)
  }

  const variableOf = (id: DiagramId): number => (id < 0 ? Number.POSITIVE_INFINITY : variables[id]!)
  const along = (id: DiagramId, variable: number, atom: number): DiagramId =>
    id >= 0 && variables[id] === variable ? lists[id]![atom]! : id

  const make = (variable: number, edges: Int32Array): DiagramId => {
    if (isConstant(edges)) return edges[0]!
    return known.getOrAdd(variable, edges, () => {
      spend(edges.length)
      variables.push(variable)
      return lists.push(edges) - 1
    })
  }

  const select = (variable: number, edges: Int32Array): DiagramId => {
    const distinct = distinctOf(edges)
    if (distinct.length <= 1) return edges[0]!
    let first = Number.POSITIVE_INFINITY
    for (const child of distinct) first = Math.min(first, variableOf(child))
    if (first > variable) return make(variable, edges)
    if (first === variable)
      return make(
        variable,
        edges.map((child, atom) => along(child, variable, atom)),
      )
    const before = selected.get(variable, edges)
    if (before !== undefined) return before
    spend(edges.length)
    // Atoms of the earlier variable along which all children go on alike are one.
    const branches = new Int32Array(sizes[first]!)
    const alike = new Map<string, DiagramId>()
    for (let atom = 0; atom < branches.length; atom++) {
      const after = distinct.map((child) => along(child, first, atom))
      const key = after.join(' ')
      let branch = alike.get(key)
      if (branch === undefined) {
        const to = new Map(distinct.map((child, i) => [child, after[i]!]))
        branch = select(
          variable,
          edges.map((child) => to.get(child)!),
        )
        alike.set(key, branch)
      }
      branches[atom] = branch
    }
    const made = make(first, branches)
    selected.getOrAdd(variable, edges, () => made)
    return made
  }

  return { sizes, variableOf, along, edgesOf: (id) => lists[id]!, select, count: () => lists.length }
}

const isConstant = (edges: Int32Array): boolean => {
  for (let i = 1; i < edges.length; i++) if (edges[i] !== edges[0]) return false
  return true
}

function distinctOf(edges: Int32Array): number[] {
  if (edges.length < 16) return [...new Set(edges)]
  const seen = new Set<number>()
  let last = Number.NaN
  for (let i = 0; i < edges.length; i++) {
    if (edges[i] === last) continue
    last = edges[i]!
    seen.add(last)
  }
  return [...seen]
}

type ListMap = {
  get(variable: number, edges: Int32Array): number | undefined
  getOrAdd(variable: number, edges: Int32Array, make: () => number): number
}

/** Numbers by variable and edge list, compared in full: a hash that collides costs a comparison and nothing else. */
function makeListMap(): ListMap {
  type Entry = { readonly variable: number; readonly edges: Int32Array; readonly id: number }
  const buckets = new Map<number, Entry[]>()
  const find = (hash: number, variable: number, edges: Int32Array): Entry | undefined =>
    buckets.get(hash)?.find((entry) => entry.variable === variable && sameEdges(entry.edges, edges))
  return {
    get: (variable, edges) => find(hashOf(variable, edges), variable, edges)?.id,
    getOrAdd(variable, edges, make) {
      const hash = hashOf(variable, edges)
      const found = find(hash, variable, edges)
      if (found !== undefined) return found.id
      const entry = { variable, edges, id: make() }
      const bucket = buckets.get(hash)
      if (bucket === undefined) buckets.set(hash, [entry])
      else bucket.push(entry)
      return entry.id
    },
  }
}

function hashOf(variable: number, edges: Int32Array): number {
  let hash = variable + 1
  for (let i = 0; i < edges.length; i++) hash = (Math.imul(hash, 0x01000193) ^ edges[i]!) | 0
  return hash
}

function sameEdges(a: Int32Array, b: Int32Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
