import { noLoginReply, offersLogin } from '../graph/admission.ts'
import type { Graph } from '../graph/graph.ts'
import { oracleName } from '../graph/oracle.ts'
import { ascending, type CanonId, type CanonTable, makeCanon, reachedFrom } from './canon.ts'
import { type DiagramId, makeDiagram } from './diagram.ts'
import { type Dimensions, makeDimensions, senderAtoms } from './dimensions.ts'
import { type AskedStage, askedStages, makeMailFunction } from './mail-function.ts'
import { makeOutcomes, type Outcomes } from './outcomes.ts'
import { makeRecipients, type Recipients } from './recipients.ts'
import { routeSenders } from './route-senders.ts'
import type { SetOf } from './set.ts'
import { makeValues, type Values } from './values.ts'

/**
 * The method, which `docs/plan.md` tells at length:
 *
 *   canon.ts        every graph into one set of hash-consed nodes without positions: what is equal is one number
 *   family.ts, networks.ts, mailboxes.ts, states.ts, dimensions.ts
 *                   each dimension divided into atoms on which every table and comparison of every graph is constant
 *   diagram.ts      decision diagrams over these atoms; a table of 100,000 rows is one node
 *   outcomes.ts     the route stage, kept out of the diagrams: they only say `route of this recipient`
 *   route-senders.ts the same for each class of senders, where routes depend on the sender
 *   mail-function.ts stages composed as `graph/admission.ts` does, from messages to behaviours
 *   product.ts      several such functions as one, whose values are tuples
 *   likeness.ts     the recipients that no question tells apart
 *   question.ts     any question about behaviours as a diagram of answers
 *   cut.ts, describe.ts, moves.ts, witness.ts
 *                   an answer as boxes, what happens in each, and one message of it
 *
 * `compareGraphs` (compare.ts) asks what changes, `classesOf` (suite-classes.ts) how many kinds of messages there are. The
 * proofs (prove.ts) do not use it: a claim needs one walk, and no diagram.
 *
 * `makeSpace` throws `NotAnalysable` for a graph that it has no method for (none that `compile` makes), and the doors
 * throw `BudgetExceeded`: callers say UNKNOWN, never silence.
 */
export type Space = {
  readonly sides: readonly Side[]
  readonly dimensions: Dimensions
  readonly recipients: Recipients
  readonly outcomes: Outcomes
  readonly values: Values
  /** Message to behaviour, of each side. */
  readonly behaviours: readonly DiagramId[]
  /** Message to `true` or `false`, of each set. */
  readonly sets: readonly DiagramId[]
  readonly diagram: ReturnType<typeof makeDiagram>
  /** Oracles of the graphs whose answer makes no difference to any of them: no variable is theirs. */
  readonly idleOracles: readonly string[]
  readonly budget: number
}

export type Side = {
  readonly graph: Graph
  /** Of each node of the graph its number among the canonical ones. */
  readonly numbers: Int32Array
  readonly nodes: ReturnType<typeof makeCanon>['nodes']
}

/** A graph of a form that the analysis has no method for. The message says which. */
export class NotAnalysable extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'NotAnalysable'
  }
}

export type SpaceOptions = {
  /** Sets that questions are to be asked about: boxes (`boxSet`), internal clients, our recipients. */
  readonly sets?: readonly SetOf[]
  readonly nodeBudget?: number
}

export const defaultNodeBudget = 2_000_000

/** One space for one graph, or for several that are to be compared. */
export function makeSpace(graphs: readonly Graph[], options: SpaceOptions = {}): Space {
  const budget = options.nodeBudget ?? defaultNodeBudget
  const canon = makeCanon()
  const sides = graphs.map((graph): Side => ({ graph, numbers: canon.add(graph), nodes: canon.nodes }))
  const sets = (options.sets ?? []).map((setOf) => setOf(canon))
  const entry = (side: Side, stage: AskedStage | 'route'): CanonId => side.numbers[side.graph.entry[stage]]!
  const passes = canon.leaf({ kind: 'leaf', is: 'next' })
  // Where no graph takes logins nobody is told apart by them.
  const asksLogin = graphs.some(({ control }) => offersLogin(control))
  const noLogin = canon.leaf({ kind: 'leaf', is: 'refuse', ...noLoginReply })
  const authOf = (side: Side): CanonId =>
    !asksLogin ? passes : offersLogin(side.graph.control) ? entry(side, 'auth') : noLogin

  const admitting = [
    ...sides.flatMap((side) => askedStages.map((stage) => (stage === 'auth' ? authOf(side) : entry(side, stage)))),
    ...sets,
  ]
  const admission = reachedFrom(canon.nodes, admitting)
  const routing = reachedFrom(
    canon.nodes,
    sides.map((side) => entry(side, 'route')),
  )
  for (const id of routing) {
    const node = canon.nodes[id]!
    if (node.kind === 'leaf' || node.kind === 'tag') continue
    const isOfEnvelope = node.kind === 'table' && ['recipient', 'local-part', 'destination', 'sender'].includes(node.on)
    if (!isOfEnvelope)
      throw new NotAnalysable(`the route stage asks for ${'on' in node ? `the ${node.on}` : `a ${node.kind}`}`)
  }

  const tables = (of: readonly CanonId[], ...on: readonly CanonTable['on'][]): CanonId[] =>
    of.filter((id) => {
      const node = canon.nodes[id]!
      return node.kind === 'table' && on.includes(node.on)
    })
  const atoms = senderAtoms(canon.nodes, ascending([...tables(admission, 'sender'), ...tables(routing, 'sender')]))
  const senders = routeSenders(
    canon,
    sides.map((side) => entry(side, 'route')),
    atoms,
  )
  const everywhere = reachedFrom(canon.nodes, [...admitting, ...senders.entries.flat()])
  const recipients = makeRecipients(canon.nodes, {
    admission: new Set(tables(admission, 'recipient', 'local-part')),
    all: tables(everywhere, 'recipient', 'local-part'),
    expanding: sides.map((side) => reachedFrom(canon.nodes, [entry(side, 'rcpt')])),
  })
  const values = makeValues()
  const outcomes = makeOutcomes(canon.nodes, recipients, values, senders.entries)
  recipients.divide(outcomes, Math.max(1, ...senders.entries.map(({ length }) => length)))
  const dimensions = makeDimensions(
    canon.nodes,
    admission,
    {
      clients: tables(admission, 'client'),
      senders: atoms,
      logins: tables(admission, 'login'),
      certificates: tables(admission, 'certificate'),
      helos: tables(admission, 'helo'),
      asksLogin,
      asksHelo: sides.some((side) => entry(side, 'helo') !== passes),
      listeners: graphs.flatMap(({ control }) => control.listeners.map(({ name }) => name)),
    },
    recipients.coarse.length,
  )
  const diagram = makeDiagram(dimensions.sizes, budget)
  const mail = makeMailFunction({ nodes: canon.nodes, dimensions, recipients, outcomes, senders, values, diagram })
  return {
    sides,
    dimensions,
    recipients,
    outcomes,
    values,
    behaviours: sides.map((side, index) => {
      const at = (stage: AskedStage) => entry(side, stage)
      return mail.compose(index, {
        connect: at('connect'),
        helo: at('helo'),
        auth: authOf(side),
        mail: at('mail'),
        rcpt: at('rcpt'),
        data: at('data'),
      })
    }),
    sets: sets.map((entry) => mail.set(entry)),
    diagram,
    idleOracles: idleOracles(graphs, dimensions.oracles),
    budget,
  }
}

function idleOracles(graphs: readonly Graph[], asked: readonly string[]): string[] {
  const names = new Set<string>()
  for (const { nodes } of graphs)
    for (const node of nodes) if (node.kind === 'oracle') names.add(oracleName(node.oracle))
  for (const name of asked) names.delete(name)
  return [...names].sort()
}
