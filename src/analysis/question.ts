import { type Diagram, type DiagramId, makeDiagram, terminal } from './diagram.ts'
import { multiply, type Part, type Product } from './product.ts'
import type { Space } from './space.ts'
import type { TokenValue, Value } from './values.ts'

/** What a question is answered from: a behaviour (the mailbox `''` is the recipient itself), or whether it is in a set. */
export type Known = Exclude<Value, TokenValue>

/** Which class a message belongs to, by the values of the parts in their order: 0 is none, 254 the highest. */
export type Classify = (values: readonly Known[]) => number

/**
 * Messages by their class, as a diagram over the atoms of the space; its recipients are divided once more, so far as the
 * question tells them apart.
 */
export type Answer = {
  readonly space: Space
  readonly product: Product
  readonly diagram: Diagram
  /** Terminals are classes. */
  readonly root: DiagramId
  /** Of each atom of the recipient the fine ones. */
  readonly recipients: readonly (readonly number[])[]
  readonly atomOfFine: Int32Array
  classOf(tuple: number, fine: number): number
}

/** Throws `BudgetExceeded`. */
export function ask(space: Space, parts: readonly Part[], classify: Classify): Answer {
  const product = multiply(space, parts)
  const { values } = space
  const classes = new Map<string, number>()
  const classified = (tuple: number, fine: number): number => {
    const resolved = product.resolve(tuple, fine)
    const key = resolved.length === 1 ? String(resolved[0]) : resolved.join(' ')
    let found = classes.get(key)
    if (found === undefined) {
      found = classify(resolved.map((id) => values.get(id) as Known))
      classes.set(key, found)
    }
    return found
  }
  /** Of each tuple, by fine recipient, its class and one; 0 is not known yet. A tuple without a token has one class. */
  const known: Uint8Array[] = []
  const classOf = (tuple: number, fine: number): number => {
    let row = known[tuple]
    if (row === undefined) {
      row = new Uint8Array(product.isOpen[tuple] ? space.recipients.fine.length : 1)
      known[tuple] = row
    }
    const at = row.length === 1 ? 0 : fine
    if (row[at] === 0) row[at] = classified(tuple, fine) + 1
    return row[at]! - 1
  }

  const { atomOfFine, recipients } = divide(space, product, classOf)
  const sizes = [...space.dimensions.sizes.slice(0, -1), recipients.length]
  const diagram = makeDiagram(sizes, space.budget)
  const last = space.dimensions.recipient
  const coarseOf = recipients.map((fine) => space.recipients.coarseOf[fine[0]!]!)
  const done = new Map<DiagramId, DiagramId>()
  const answered = (id: DiagramId): DiagramId => {
    if (id < 0 && !product.isOpen[~id]) return terminal(classOf(~id, 0))
    let found = done.get(id)
    if (found === undefined) {
      const at = product.diagram.variableOf(id)
      const edges =
        at >= last
          ? Int32Array.from(recipients, (fine, atom) =>
              terminal(classOf(~product.diagram.along(id, last, coarseOf[atom]!), fine[0]!)),
            )
          : product.diagram.edgesOf(id).map(answered)
      found = diagram.select(Math.min(at, last), edges)
      done.set(id, found)
    }
    return found
  }
  return { space, product, diagram, root: answered(product.root), recipients, atomOfFine, classOf }
}

/** Recipients by their coarse atom and the class of every tuple that meets it. */
function divide(space: Space, product: Product, classOf: (tuple: number, fine: number) => number) {
  const { coarse, coarseOf, fine } = space.recipients
  const met = coarse.map(() => new Set<number>())
  const seen = new Set<DiagramId>()
  const open = [product.root]
  const last = space.dimensions.recipient
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    if (id < 0) {
      if (product.isOpen[~id]) for (const tuples of met) tuples.add(~id)
      continue
    }
    const edges = product.diagram.edgesOf(id)
    if (product.diagram.variableOf(id) < last) open.push(...new Set(edges))
    else for (const [atom, edge] of edges.entries()) if (product.isOpen[~edge]) met[atom]!.add(~edge)
  }
  const tuples = met.map((set) => [...set].sort((a, b) => a - b))
  const atoms = new Map<string, number>()
  const recipients: number[][] = []
  const atomOfFine = new Int32Array(fine.length)
  for (let i = 0; i < fine.length; i++) {
    let key = String(coarseOf[i])
    for (const tuple of tuples[coarseOf[i]!]!) key += ` ${classOf(tuple, i)}`
    let atom = atoms.get(key)
    if (atom === undefined) {
      atom = recipients.push([]) - 1
      atoms.set(key, atom)
    }
    recipients[atom]!.push(i)
    atomOfFine[i] = atom
  }
  return { recipients, atomOfFine }
}
