import type { Outcome } from '../graph/graph.ts'
import type { CanonId, CanonNode, CanonTable } from './canon.ts'
import type { Family } from './family.ts'
import { type Mailboxes, mailboxesOf } from './mailboxes.ts'
import { type NameFact, type Names, namesOf } from './names.ts'
import { type Networks, networksOf } from './networks.ts'
import type { StateId } from './states.ts'

/** The variables of diagrams, in the order in which they are asked: the recipient comes last, after all oracles. */
export const variable = {
  listener: 0,
  tls: 1,
  client: 2,
  certificate: 3,
  login: 4,
  helo: 5,
  sender: 6,
  size: 7,
  hops: 8,
  firstOracle: 9,
} as const

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
  /** Whether the line is encrypted, of each atom; one atom where nobody asks. */
  readonly tls: readonly boolean[]
  readonly certificates: PatternAtoms<Names>
  readonly logins: PatternAtoms<Names>
  /** Some graph lets somebody log in somewhere. */
  readonly takesLogins: boolean
  readonly helos: PatternAtoms<Names>
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
  readonly senders: PatternAtoms<Mailboxes>
  readonly logins: readonly CanonId[]
  readonly certificates: readonly CanonId[]
  readonly helos: readonly CanonId[]
  readonly listeners: readonly string[]
  /** Stages that are asked of those only who log in, or say HELO: whether any graph has something to say there. */
  readonly asksLogin: boolean
  readonly asksHelo: boolean
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
  const { senders } = asked
  const names = (fact: NameFact, ids: readonly CanonId[], isApart: boolean) => {
    const family = namesOf(fact, tables(ids), isApart)
    return atomsOf(family, ids, (cell) => family.witness(cell) !== null)
  }
  const certificates = names('certificate', asked.certificates, false)
  const logins = names('login', asked.logins, asked.asksLogin)
  const helos = names('helo', asked.helos, asked.asksHelo)
  const asksTls = reached.some((id) => {
    const node = nodes[id]!
    return node.kind === 'choice' && node.on === 'tls'
  })
  // A certificate is shown in the handshake of TLS: who has one has both.
  const tls = asksTls || certificates.states.length > 1 ? [false, true] : [false]
  const sizesOf = numberAtoms(nodes, reached, 'size')
  const hopsOf = numberAtoms(nodes, reached, 'hops')
  const oracles = [...new Set(reached.flatMap((id) => oracleOf(nodes[id]!)))].sort()
  const sizes = [
    ...[listeners.length, tls.length, clients.states.length, certificates.states.length, logins.states.length],
    ...[helos.states.length, senders.states.length, sizesOf.count, hopsOf.count],
    ...oracles.map(() => outcomes.length),
    recipients,
  ]
  const named = { certificates, logins, takesLogins: asked.asksLogin, helos }
  return { listeners, tls, clients, ...named, senders, sizesOf, hopsOf, oracles, recipient: sizes.length - 1, sizes }
}

/** Atoms of senders, which the route stage may ask for too (`route-senders.ts`). */
export function senderAtoms(nodes: readonly CanonNode[], ids: readonly CanonId[]): PatternAtoms<Mailboxes> {
  const mailboxes = mailboxesOf(
    ids.map((id) => nodes[id] as CanonTable),
    true,
  )
  return atomsOf(mailboxes, ids, (cell) => mailboxes.witness(cell, null) !== null)
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
    return node.kind === 'choice' && node.on === 'listener' ? [node] : []
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

function atomsOf<F extends Networks | Mailboxes | Names>(
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
