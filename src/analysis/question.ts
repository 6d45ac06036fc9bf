import { type Diagram, type DiagramId, makeDiagram, terminal } from './diagram.ts'
import { type Likeness, likenessOf } from './likeness.ts'
import { multiply, type Part, type Product } from './product.ts'
import type { Space } from './space.ts'
import type { TokenValue, Value, ValueId } from './values.ts'

/** What a question is answered from: a behaviour (the mailbox `''` is the recipient itself), or whether it is in a set. */
export type Known = Exclude<Value, TokenValue>

/** Which class a message belongs to, by the values of the parts in their order: 0 is none. */
export type Classify = (values: readonly Known[]) => number

/**
 * All that `Classify` asks of a value, beside whether another one is the same: equal texts, no difference. `null` for a
 * value that is like no other. Which hosts of a row it is that mail goes to, it does not ask.
 */
export type TraitOf = (value: Known) => string | null

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
  readonly likeness: Likeness
  classOf(tuple: number, fine: number): number
}

/** Throws `BudgetExceeded`. */
export function ask(space: Space, parts: readonly Part[], classify: Classify, traitOf: TraitOf = () => null): Answer {
  const product = multiply(space, parts)
  const likeness = likenessIn(space, product, traitOf)
  /** Of each tuple, by the kind of the recipient, its class and one; 0 is not known yet. A closed tuple has one class. */
  const known = product.tuples.map((_, tuple) => new Int32Array(product.isOpen[tuple] ? likeness.examples.length : 1))
  const classOf = (tuple: number, fine: number): number => {
    const row = known[tuple]!
    const kind = product.isOpen[tuple] ? likeness.kindOf[fine]! : 0
    if (row[kind] === 0)
      row[kind] = classify(product.resolve(tuple, fine).map((id) => space.values.get(id) as Known)) + 1
    return row[kind]! - 1
  }

  const { atomOfFine, recipients } = divide(space, product, likeness, classOf)
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
  return { space, product, diagram, root: answered(product.root), recipients, atomOfFine, likeness, classOf }
}

/** Recipients by their coarse atom and the class of every tuple that meets it. */
function divide(
  space: Space,
  product: Product,
  { kindOf, examples }: Likeness,
  classOf: (tuple: number, fine: number) => number,
) {
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
  const atomOfKind = examples.map((example) => {
    let key = String(coarseOf[example])
    for (const tuple of tuples[coarseOf[example]!]!) key += ` ${classOf(tuple, example)}`
    const atom = atoms.get(key) ?? recipients.push([]) - 1
    atoms.set(key, atom)
    return atom
  })
  const atomOfFine = new Int32Array(fine.length)
  for (let i = 0; i < fine.length; i++) {
    const atom = atomOfKind[kindOf[i]!]!
    recipients[atom]!.push(i)
    atomOfFine[i] = atom
  }
  return { recipients, atomOfFine }
}

/** Recipients by what the open tuples say of them. */
function likenessIn({ recipients, values }: Space, product: Product, traitOf: TraitOf): Likeness {
  const columns = new Set<Int32Array>()
  const constants = new Set<ValueId>()
  for (const [tuple, ids] of product.tuples.entries()) {
    for (const [index, column] of product.columns(tuple).entries()) {
      if (column === null) constants.add(ids[index]!)
      else columns.add(column)
    }
  }
  const numbers = new Map<string, number>()
  const numberOf = (id: ValueId): number => {
    // What stands in a tuple too may be the same as that, or not.
    const trait = constants.has(id) ? null : traitOf(values.get(id) as Known)
    if (trait === null) return 2 * id
    const number = numbers.get(trait) ?? numbers.size
    numbers.set(trait, number)
    return 2 * number + 1
  }
  /** Of each value its number and one; 0 is not known yet. */
  const traits = new Int32Array(values.count())
  return likenessOf(recipients, [...columns], (id) => {
    if (traits[id] === 0) {
      const like = values.likeOf(id)
      if (like === id || constants.has(id) || constants.has(like)) traits[id] = numberOf(id) + 1
      else {
        if (traits[like] === 0) traits[like] = numberOf(like) + 1
        const number = traits[like]! - 1
        traits[id] = (number % 2 === 1 ? number : 2 * id) + 1
      }
    }
    return traits[id]! - 1
  })
}
