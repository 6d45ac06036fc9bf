import type { Outcome } from '../graph/graph.ts'
import type { CanonId, CanonNode, CanonTable } from './canon.ts'
import type { Family } from './family.ts'
import { type Mailboxes, mailboxesOf } from './mailboxes.ts'
import { type Networks, networksOf } from './networks.ts'
import type { StateId } from './states.ts'

/** The variables of diagrams, in the order in which they are asked: the recipient comes last, after all oracles. */
export const variable = { listener: 0, client: 1, sender: 2, size: 3, hops: 4, firstOracle: 5 } as const

export const outcomes: readonly Outcome[] = ['listed', 'clear', 'error']

/** Atoms of a dimension of patterns: of each its state, and a cell that has it. */
export type PatternAtoms<F extends Family> = {
  readonly family: F
  readonly states: readonly StateId[]
  readonly cells: readonly number[]
  readonly atomOf: ReadonlyMap<StateId, number>
  /** What a table of this dimension says of an atom. */
  labelOf(table: CanonId, atom: number): CanonId
}

/** Atoms of a number: up to the first cut, over it up to the second, ... over the last. */
export type NumberAtoms = { readonly cuts: readonly number[]; readonly count: number }

export type Dimensions = {
  readonly listeners: readonly (readonly string[])[]
  readonly clients: PatternAtoms<Networks>
  readonly senders: PatternAtoms<Mailboxes>
  readonly sizesOf: NumberAtoms
  readonly hopsOf: NumberAtoms
  readonly oracles: readonly string[]
  /** The variable of the recipient. */
  readonly recipient: number
  /** Of each variable the number of its atoms. */
  readonly sizes: readonly number[]
}

type Asked = {
  readonly clients: readonly CanonId[]
  readonly senders: readonly CanonId[]
  readonly listeners: readonly string[]
}

export function makeDimensions(
  nodes: readonly CanonNode[],
  reached: readonly CanonId[],
  asked: Asked,
  recipients: number,
): Dimensions {
  const listeners = listenerAtoms(nodes, reached, asked.listeners)
  const tables = (ids: readonly CanonId[]) => ids.map((id) => nodes[id] as CanonTable)
  const clients = atomsOf(networksOf(tables(asked.clients)), asked.clients)
  const mailboxes = mailboxesOf(tables(asked.senders), true)
  const senders = atomsOf(mailboxes, asked.senders, (cell) => mailboxes.witness(cell, null) !== null)
  const sizesOf = numberAtoms(nodes, reached, 'size')
  const hopsOf = numberAtoms(nodes, reached, 'hops')
  const oracles = [...new Set(reached.flatMap((id) => oracleOf(nodes[id]!)))].sort()
  const sizes = [
    ...[listeners.length, clients.states.length, senders.states.length, sizesOf.count, hopsOf.count],
    ...oracles.map(() => outcomes.length),
    recipients,
  ]
  return { listeners, clients, senders, sizesOf, hopsOf, oracles, recipient: sizes.length - 1, sizes }
}

const oracleOf = (node: CanonNode): string[] => (node.kind === 'oracle' ? [node.name] : [])

/** Names that every choice takes for the same are one. A name that no gateway listens under is no message's. */
function listenerAtoms(
  nodes: readonly CanonNode[],
  reached: readonly CanonId[],
  declared: readonly string[],
): string[][] {
  const choices = reached.flatMap((id) => {
    const node = nodes[id]!
    return node.kind === 'choice' ? [node] : []
  })
  const names = new Set([...declared, ...choices.flatMap(({ cases }) => [...cases.keys()])])
  if (names.size === 0) names.add('mx')
  const atoms = new Map<string, string[]>()
  for (const name of [...names].sort()) {
    const key = choices.map(({ cases, otherwise }) => cases.get(name) ?? otherwise).join(' ')
    const atom = atoms.get(key)
    if (atom === undefined) atoms.set(key, [name])
    else atom.push(name)
  }
  return [...atoms.values()]
}

function atomsOf<F extends Networks | Mailboxes>(
  family: F,
  tables: readonly CanonId[],
  hasWitness: (cell: number) => boolean = () => true,
): PatternAtoms<F> {
  const indexes = new Map(tables.map((id, index) => [id, index]))
  const atomOf = new Map<StateId, number>()
  const states: StateId[] = []
  const cells: number[] = []
  for (const cell of family.order) {
    const state = family.state[cell]!
    if (atomOf.has(state) || family.isEmpty(cell) || !hasWitness(cell)) continue
    atomOf.set(state, states.push(state) - 1)
    cells.push(cell)
  }
  return {
    family,
    states,
    cells,
    atomOf,
    labelOf: (table, atom) => family.states.labelOf(states[atom]!, indexes.get(table)!),
  }
}

function numberAtoms(nodes: readonly CanonNode[], reached: readonly CanonId[], on: 'size' | 'hops'): NumberAtoms {
  const values = reached.flatMap((id) => {
    const node = nodes[id]!
    return node.kind === 'compare' && node.on === on ? [node.value] : []
  })
  const cuts = [...new Set(values)].sort((a, b) => a - b)
  // Nothing is counted beyond what a number holds exactly.
  const hasTop = cuts.at(-1) !== Number.MAX_SAFE_INTEGER
  return { cuts, count: cuts.length + (hasTop ? 1 : 0) }
}
