import { type Graph, isLeaf, type Leaf, type NodeId, type Table } from '../graph/graph.ts'
import type { Family } from './family.ts'
import type { Found } from './proof.ts'
import { question } from './prove-question.ts'
import { dimensionOf, type Space, spaceOf } from './prove-space.ts'
import { refuses, walk } from './prove-walk.ts'
import { findingAt, type Subject } from './prove-witness.ts'

/** The elements that a person writes as rules and rows, of all that a graph names. */
const isRule = (at: string): boolean =>
  /^(?:deny|dnsbl)\[\d+\]$/.test(at) ||
  /^checks\.[\w-]+$/.test(at) ||
  /^(?:localMx|aliases|domains)(?:\[|\.)/.test(at) ||
  /^(?:trusted|clients\.[\w-]+\.(?:networks|logins|certificates))\[/.test(at)

/**
 * Every rule and row decides for some message. What no message reaches is dead, be it hidden by one rule before it or by
 * several together. Routes are asked for by notifications and the queue too: to be dead, a row may have no mailbox at all.
 */
export function noDeadRules(subject: Subject): Found {
  const { graph } = subject.bundle
  const dead = deadRules(graph)
  if (dead.length === 0) return { verdict: 'PROVED', reason: 'every rule and every row decides for some message' }
  const names = dead.slice(0, 3).join(', ')
  const reason =
    dead.length === 1 ? `${names} never decides` : `${dead.length} rules and rows never decide, such as ${names}`
  return {
    verdict: 'VIOLATED',
    reason,
    findings: dead.map((at) => findingAt(subject, at, 'never decides: other rules and rows take all of it before')),
  }
}

/** Rules and rows that decide for nobody, sorted as the graph names them. */
export function deadRules(graph: Graph): string[] {
  const leafRules = new Set<string>()
  for (const node of graph.nodes) if (isLeaf(node) && node.at !== null && isRule(node.at)) leafRules.add(node.at)
  const tables = graph.nodes.flatMap((node, id) => (node.kind === 'table' ? [[id, node] as const] : []))
  const rowAts = new Set<string>()
  for (const [, { rows }] of tables) for (const [, , at] of rows) if (leafRules.has(at)) rowAts.add(at)
  // A leaf that a rule of its own stands for is told from others; where a row names the rule, the row will do.
  const meaning = (leaf: Leaf): string => {
    const own = leaf.at !== null && isRule(leaf.at) && !rowAts.has(leaf.at) ? ` ${leaf.at}` : ''
    return leaf.kind === 'refuse' ? `${refuses}${own}` : `goes${own}`
  }
  const space = spaceOf(question(graph, meaning, { whole: true }))
  const reached = new Map<NodeId, Set<number>>()
  const alive = new Set<string>()
  const passing = (id: NodeId, region: Parameters<typeof walk>[1]): void => {
    const node = graph.nodes[id]!
    if (node.kind === 'oracle') alive.add(node.at)
    else if (node.kind === 'table') {
      let states = reached.get(id)
      if (states === undefined) {
        states = new Set()
        reached.set(id, states)
      }
      for (const state of region[dimensionOf(node.on)]) states.add(state)
    } else if ('at' in node && typeof node.at === 'string' && node.kind !== 'choice' && node.kind !== 'compare')
      alive.add(node.at)
  }
  walk(space, space.everything, { passing })
  walk(space, space.everything, { passing }, { only: 'route' })
  walk(space, space.everything, { passing }, { only: 'destination' })

  const cellsOf = memo((family: Family) => new Map(family.patterns.map((pattern, cell) => [pattern, cell])))
  // Only of what loses somewhere has to be known whether it wins elsewhere: most rows of a large table just win.
  const losing = new Set(graph.claims.rules)
  const won = tables.map(([id, table]) => {
    const rows = winners(space, table, reached.get(id) ?? new Set(), cellsOf)
    for (const [row, [, , at]] of table.rows.entries()) if (!rows.has(row) && isRule(at)) losing.add(at)
    return rows
  })
  for (const [i, [, table]] of tables.entries()) {
    for (const [row, [, , at]] of table.rows.entries()) if (losing.has(at) && won[i]!.has(row)) alive.add(at)
  }
  return [...losing].filter((at) => !alive.has(at)).sort()
}

/** The rows of a table that win for some class which reaches it. */
function winners(
  space: Space,
  table: Table,
  states: ReadonlySet<number>,
  cellsOf: (family: Family) => ReadonlyMap<string, number>,
): Set<number> {
  const won = new Set<number>()
  if (states.size === 0) return won
  const family = space.partition[dimensionOf(table.on)]
  if (table.on === 'local-part') {
    const { recipient } = space.partition
    for (const [row, [localPart]] of table.rows.entries()) {
      const local = recipient.locals.find(({ localParts }) => localParts.includes(localPart))
      const wins = recipient.order.some((cell) => {
        const pattern = recipient.patterns[cell]!
        if (recipient.isMailbox(cell)) return pattern.startsWith(`${localPart}@`) && states.has(recipient.state[cell]!)
        if (local === undefined || !states.has(recipient.states.after(recipient.state[cell]!, local.changes)))
          return false
        return recipient.witness(cell, { ...local, localParts: [localPart] }) !== null
      })
      if (wins) won.add(row)
    }
    return won
  }
  const cells = cellsOf(family)
  const own = new Int32Array(family.patterns.length).fill(-1)
  for (const [row, [pattern]] of table.rows.entries()) own[cells.get(pattern)!] = row
  const locals = table.on === 'recipient' ? space.partition.recipient.locals : []
  for (const cell of family.order) {
    const around = family.parent[cell]!
    if (own[cell]! < 0 && around >= 0) own[cell] = own[around]!
    const row = own[cell]!
    if (row < 0 || won.has(row) || family.isEmpty(cell)) continue
    const state = family.state[cell]!
    if (states.has(state)) won.add(row)
    else if (locals.length > 0 && !space.partition.recipient.isMailbox(cell)) {
      const some = locals.some(
        (local) =>
          states.has(family.states.after(state, local.changes)) &&
          space.partition.recipient.witness(cell, local) !== null,
      )
      if (some) won.add(row)
    }
  }
  return won
}

function memo<K extends object, V>(make: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, V>()
  return (key) => {
    let value = known.get(key)
    if (value === undefined) {
      value = make(key)
      known.set(key, value)
    }
    return value
  }
}

/** Every relay gets some mail: a message, a notification, or what is in the queue. */
export function noUnreachableRelay(subject: Subject): Found {
  const { graph } = subject.bundle
  const meaning = (leaf: Leaf): string =>
    leaf.kind === 'refuse' ? refuses : leaf.kind === 'relay' ? `relay ${leaf.relay}` : 'elsewhere'
  const space = spaceOf(question(graph, meaning))
  const reached = new Set<string>()
  walk(
    space,
    space.everything,
    {
      ending(_, ending) {
        if (ending.kind === 'accepted') for (const value of ending.values) reached.add(value)
      },
    },
    { only: 'route' },
  )
  const idle = graph.control.relays.filter(({ name }) => !reached.has(`relay ${name}`))
  if (idle.length === 0) return { verdict: 'PROVED', reason: 'every relay gets some mail' }
  const names = idle.map(({ name }) => name).join(', ')
  return {
    verdict: 'VIOLATED',
    reason: `no mail ever goes to ${idle.length === 1 ? 'relay' : 'relays'} ${names}`,
    findings: idle.map(({ name }) => findingAt(subject, `relays.${name}`, 'no mail ever goes there')),
  }
}
