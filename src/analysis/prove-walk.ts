import { oracleName } from '../graph/explanation.ts'
import { isLeaf, type Node, type NodeId, type Outcome, type Stage } from '../graph/graph.ts'
import { bySaying, possible } from './prove-lines.ts'
import { passes } from './prove-question.ts'
import { dimensionOf, type Region, type Space } from './prove-space.ts'

/** What becomes of all messages of a region. `values` are those of the routes of the mailboxes that it goes to. */
export type Ending =
  | { readonly kind: 'refused'; readonly stage: Stage; readonly leaf: number }
  | { readonly kind: 'accepted'; readonly values: readonly string[]; readonly isExpanded: boolean }

export type Watch = {
  ending?(region: Region, ending: Ending): void
  /** Every node that the messages of a region come through. */
  passing?(node: NodeId, region: Region, stage: Stage): void
}

/** The value of leaves that refuse. */
export const refuses = 'refuses'

/** So many regions are followed before a proof gives up. */
export const defaultBudget = 2_000_000

export class BudgetSpent extends Error {}

type Asked = 'connect' | 'helo' | 'auth' | 'mail' | 'rcpt' | 'route' | 'data' | 'destination'
const following: Readonly<Record<Asked, Asked | null>> = {
  connect: 'helo',
  helo: 'auth',
  auth: 'mail',
  mail: 'rcpt',
  rcpt: 'route',
  route: 'data',
  data: null,
  destination: null,
}

type Frame = {
  readonly stage: Asked
  readonly node: NodeId
  readonly region: Region
  readonly values: readonly string[]
  readonly isExpanded: boolean
}

/**
 * Follows all messages of a region through the stages, as sessions ask them. A node divides a region by what it asks
 * about; the parts have nothing in common, so there are at most as many as there are classes, and every one is real.
 * `only`: that stage alone, such as the routes that the queue asks for again.
 */
export function walk(
  space: Space,
  from: Region,
  watch: Watch,
  {
    budget = { left: defaultBudget },
    only = null,
  }: { budget?: { left: number }; only?: 'route' | 'destination' | null } = {},
): void {
  const { graph, label } = space.question
  const open: Frame[] = []
  const enter = (stage: Asked, region: Region, values: readonly string[], isExpanded = false): void => {
    if (stage === 'helo' || stage === 'auth') {
      // Asked of those only who say HELO, who log in.
      const fact = stage === 'helo' ? 'helo' : 'login'
      const entry = label[graph.entry[stage]]!
      const isIdle = space.question.valueOf(entry) === passes && watch.passing === undefined
      const [unsaid, said] = isIdle ? [region, null] : bySaying(space, fact, region)
      if (said !== null) open.push({ stage, node: entry, region: said, values, isExpanded })
      if (unsaid !== null) enter(following[stage]!, unsaid, values, isExpanded)
      return
    }
    open.push({ stage, node: label[graph.entry[stage]]!, region, values, isExpanded })
  }
  if (only !== null) enter(only, from, [])
  else for (const region of possible(space, from).reverse()) enter('connect', region, [])

  for (let frame = open.pop(); frame !== undefined; frame = open.pop()) {
    const { stage, node: id, region, values, isExpanded } = frame
    if (--budget.left < 0) throw new BudgetSpent('too many classes of messages for the budget of this proof')
    const node = graph.nodes[id]!
    watch.passing?.(id, region, stage)
    if (!isLeaf(node)) {
      // The first part is followed first: classes stand with the ordinary ones in front, and evidence should be ordinary.
      for (const [to, part] of [...parts(space, id, node, region)].reverse())
        open.push({ stage, node: to, region: part, values, isExpanded })
      continue
    }
    const value = space.question.valueOf(id)!
    if (value === refuses || value.startsWith(`${refuses} `)) {
      watch.ending?.(region, { kind: 'refused', stage, leaf: id })
      continue
    }
    const routes = stage === 'route' ? [value] : space.question.routesOf(id)
    if (stage === 'rcpt' && value !== passes) {
      // An expansion: refused as a whole when one of its mailboxes has a route that refuses.
      for (const [ways, part] of expansions(space, id, routes, region)) {
        const refused = ways.find((one) => one === refuses || one.startsWith(`${refuses} `))
        if (refused !== undefined) watch.ending?.(part, { kind: 'refused', stage: 'route', leaf: id })
        else enter('data', part, ways, true)
      }
      continue
    }
    const next = only === null ? following[stage] : null
    const said = stage === 'route' ? routes : values
    if (next === null) watch.ending?.(region, { kind: 'accepted', values: said, isExpanded })
    else enter(next, region, said, isExpanded)
  }
}

/** What an expansion stands for, with those of the region for whom it does: by the sender where routes depend on that. */
function* expansions(
  space: Space,
  id: NodeId,
  routes: readonly string[],
  region: Region,
): Generator<readonly [readonly string[], Region]> {
  if (!space.question.asksSender(id)) {
    yield [routes, region]
    return
  }
  const bySender = new Map<string, { readonly ways: readonly string[]; readonly sender: number[] }>()
  for (const state of region.sender) {
    const ways = space.question.routesFrom(id, (node, table) => {
      const known = space.question.label[node]!
      // A table all of whose rows are the same to the proof is their label, and nothing is asked of it.
      return known === node ? space.labelAt(node, table, state) : known
    })
    const known = bySender.get(ways.join('\n'))
    if (known === undefined) bySender.set(ways.join('\n'), { ways, sender: [state] })
    else known.sender.push(state)
  }
  for (const { ways, sender } of bySender.values()) yield [ways, { ...region, sender }]
}

/** The parts of a region by the label that the node leads them to. */
function* parts(space: Space, id: NodeId, node: Node, region: Region): Generator<readonly [NodeId, Region]> {
  const { label } = space.question
  switch (node.kind) {
    case 'note':
      yield [label[node.to]!, region]
      return
    case 'choice': {
      const byName = new Map(node.cases)
      if (node.on === 'tls') {
        const toLine = (tls: number) => label[(tls === 1 ? byName.get('tls') : undefined) ?? node.otherwise]!
        for (const [next, tls] of grouped(region.tls, toLine)) yield [next, { ...region, tls }]
        return
      }
      const to = (index: number) => label[byName.get(space.listeners[index]!) ?? node.otherwise]!
      for (const [next, listener] of grouped(region.listener, to)) yield [next, { ...region, listener }]
      return
    }
    case 'table': {
      const dimension = dimensionOf(node.on)
      const to = (state: number) => space.labelAt(id, node, state)
      for (const [next, states] of grouped(region[dimension], to)) yield [next, { ...region, [dimension]: states }]
      return
    }
    case 'compare': {
      const key = node.on
      const cut = (key === 'size' ? space.sizeCuts : space.hopCuts).indexOf(node.value)
      const to = (range: number) => label[range > cut ? node.over : node.within]!
      for (const [next, ranges] of grouped(region[key], to)) yield [next, { ...region, [key]: ranges }]
      return
    }
    case 'oracle': {
      const name = oracleName(node.oracle)
      const to = (outcome: Outcome) => label[node.outcomes[outcome]]!
      for (const [next, answers] of grouped(region.oracles.get(name)!, to))
        yield [next, { ...region, oracles: new Map(region.oracles).set(name, answers) }]
      return
    }
    default:
      throw new Error('a leaf leads nowhere')
  }
}

function grouped<T>(classes: readonly T[], labelOf: (one: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>()
  for (const one of classes) {
    const label = labelOf(one)
    const group = groups.get(label)
    if (group === undefined) groups.set(label, [one])
    else group.push(one)
  }
  return groups
}
