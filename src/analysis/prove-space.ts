import { type Box, type PatternSet, unsaid } from '../graph/box.ts'
import { type Graph, isLeaf, type NodeId, type Outcome, type Table } from '../graph/graph.ts'
import { domainOfLogin } from '../graph/name-rank.ts'
import { coveringBlocks } from '../graph/network.ts'
import { byCodeUnits, coveringPatterns } from '../graph/pattern.ts'
import type { IpAddress } from '../mail/ip.ts'
import type { Mailbox } from '../mail/path.ts'
import type { CanonTable } from './canon.ts'
import type { Family } from './family.ts'
import { type LocalClass, type Mailboxes, mailboxesOf } from './mailboxes.ts'
import { type NameFact, type Names, namesOf } from './names.ts'
import { type Networks, networksOf } from './networks.ts'
import { asCanon, oraclesOf, type Question } from './prove-question.ts'
import type { StateId, States } from './states.ts'

/** What a message is told apart by. */
export type Dimension = 'client' | 'certificate' | 'login' | 'helo' | 'sender' | 'recipient' | 'destination'

/** A set of mailboxes or addresses that a proof asks about beside the tables of the graph. */
export type Member = {
  readonly dimension: Dimension | 'local-part'
  readonly patterns: readonly (readonly [string, boolean])[]
}

/**
 * All messages, divided into classes of which the graph says the same. Of each dimension the classes are numbers: states
 * of `States` for addresses and mailboxes, indexes of listeners, of ranges of sizes and hops.
 */
export type Space = {
  readonly question: Question
  readonly everything: Region
  readonly partition: {
    readonly client: Networks
    readonly destination: Networks
    readonly sender: Mailboxes
    readonly recipient: Mailboxes
    readonly certificate: Names
    readonly login: Names
    readonly helo: Names
  }
  readonly listeners: readonly string[]
  readonly sizeCuts: readonly number[]
  readonly hopCuts: readonly number[]
  /** The label to which a table leads the class. */
  labelAt(node: NodeId, table: Table, state: StateId): number
  /** Whether the class lies in the member set number `index`. */
  isIn(index: number, state: StateId): boolean
  /** The class of a name that is not said. */
  readonly unsaid: Readonly<Record<NameFact, StateId>>
  name(fact: NameFact, state: StateId): string | null
  client(state: StateId): IpAddress
  sender(state: StateId): Mailbox | null
  recipient(state: StateId): Mailbox
}

/** A product of sets of classes. Never empty in any dimension. */
export type Region = {
  readonly listener: readonly number[]
  /** 1: encrypted, 0: not. */
  readonly tls: readonly number[]
  readonly certificate: readonly StateId[]
  readonly login: readonly StateId[]
  readonly helo: readonly StateId[]
  readonly client: readonly StateId[]
  readonly sender: readonly StateId[]
  readonly recipient: readonly StateId[]
  readonly destination: readonly StateId[]
  readonly size: readonly number[]
  readonly hops: readonly number[]
  readonly oracles: ReadonlyMap<string, readonly Outcome[]>
}

const outcomes: readonly Outcome[] = ['listed', 'clear', 'error']

export function spaceOf(question: Question, members: readonly Member[] = [], cuts: readonly Box[] = []): Space {
  const { graph, label } = question
  const tables: Record<Dimension, CanonTable[]> = {
    client: [],
    certificate: [],
    login: [],
    helo: [],
    sender: [],
    recipient: [],
    destination: [],
  }
  const indexOf = new Map<NodeId, number>()
  for (const [id, node] of graph.nodes.entries()) {
    if (node.kind !== 'table' || label[id] !== id) continue
    const list = tables[dimensionOf(node.on)]
    indexOf.set(id, list.push(asCanon(node, label)) - 1)
  }
  const memberIndex = members.map(
    ({ dimension, patterns }) => tables[dimensionOf(dimension)].push(memberTable(dimension, patterns)) - 1,
  )

  const client = networksOf(tables.client)
  const destination = networksOf(tables.destination)
  const sender = mailboxesOf(tables.sender, true)
  const recipient = mailboxesOf(tables.recipient, false)
  const names = {
    certificate: namesOf('certificate', tables.certificate, true),
    login: namesOf('login', tables.login, true),
    helo: namesOf('helo', tables.helo, true),
  }
  const cells = {
    client: cellsByState(client),
    destination: cellsByState(destination),
    sender: cellsByState(sender),
    certificate: nameCells(names.certificate),
    login: nameCells(names.login),
    helo: nameCells(names.helo),
  }
  const recipients = recipientClasses(recipient)
  const states: Record<Dimension, States> = {
    client: client.states,
    certificate: names.certificate.states,
    login: names.login.states,
    helo: names.helo.states,
    destination: destination.states,
    sender: sender.states,
    recipient: recipient.states,
  }
  const sizeCuts = cutsOf(graph, 'size', cuts)
  const hopCuts = cutsOf(graph, 'hops', cuts)
  const listeners = graph.control.listeners.map(({ name }) => name)
  const counted = (length: number) => Array.from({ length }, (_, i) => i)

  return {
    question,
    everything: {
      listener: counted(listeners.length),
      tls: [0, 1],
      certificate: [...cells.certificate.keys()],
      login: [...cells.login.keys()],
      helo: [...cells.helo.keys()],
      client: [...cells.client.keys()],
      sender: [...cells.sender.keys()],
      recipient: [...recipients.keys()],
      destination: [...cells.destination.keys()],
      size: counted(sizeCuts.length + 1),
      hops: counted(hopCuts.length + 1),
      oracles: new Map(oraclesOf(graph).map((oracle) => [oracle, outcomes])),
    },
    partition: { client, destination, sender, recipient, ...names },
    listeners,
    sizeCuts,
    hopCuts,
    labelAt: (node, table, state) => states[dimensionOf(table.on)].labelOf(state, indexOf.get(node)!),
    isIn: (index, state) => states[dimensionOf(members[index]!.dimension)].labelOf(state, memberIndex[index]!) === 1,
    unsaid: { certificate: names.certificate.state[0]!, login: names.login.state[0]!, helo: names.helo.state[0]! },
    name(fact, state) {
      const found = names[fact].witness(cells[fact].get(state)!)
      return found === unsaid ? null : found
    },
    client: (state) => client.witness(cells.client.get(state)!),
    sender(state) {
      const found = sender.witness(cells.sender.get(state)!, null)
      if (found === null) throw new Error('a class of senders without a sender')
      return found === '<>' ? null : found
    },
    recipient: (state) => recipients.get(state)!(),
  }
}

export const dimensionOf = (on: Table['on']): Dimension => (on === 'local-part' ? 'recipient' : on)

/** A set as a table: 1 inside, 0 outside. The most specific pattern says which. */
function memberTable(dimension: Table['on'], patterns: Member['patterns']): CanonTable {
  const rows = [...patterns].sort(([a], [b]) => byCodeUnits(a, b))
  const labels = Int32Array.from(rows, ([, inside]) => (inside ? 1 : 0))
  return { kind: 'table', on: dimension, rows, labels, otherwise: 0 }
}

/**
 * A union of parts, as patterns that say in or out by the most specific one. Where parts overlap, what one leaves out
 * another may hold: each pattern is asked of the set as a whole.
 */
export function memberOf(dimension: Dimension, set: PatternSet): Member {
  const patterns = new Set(set.flatMap(({ pattern, except }) => [pattern, ...except]))
  const isAddress = dimension === 'client' || dimension === 'destination'
  const lengths = new Set([...patterns].map((pattern) => Number(pattern.slice(pattern.indexOf('/') + 1))))
  const inside = (pattern: string): boolean => {
    const around = new Set(isAddress ? coveringBlocks(pattern, lengths) : coveringNames(dimension, pattern))
    return set.some((part) => around.has(part.pattern) && !part.except.some((one) => around.has(one)))
  }
  return { dimension, patterns: [...patterns].map((pattern) => [pattern, inside(pattern)] as const) }
}

/** As tables match them, itself too. What is not said no pattern matches but its own. */
function coveringNames(dimension: Dimension, pattern: string): readonly string[] {
  if (pattern === unsaid) return [pattern]
  if (dimension === 'certificate') return [pattern, '*']
  if (dimension !== 'login') return coveringPatterns(pattern)
  const domain = pattern.startsWith('*') ? null : domainOfLogin(pattern)
  return domain === null ? [pattern, '*'] : [pattern, `*@${domain}`, '*']
}

/** One cell of each state of which there is a name, that of nothing said first. */
function nameCells(family: Names): Map<StateId, number> {
  const found = new Map<StateId, number>()
  for (const cell of family.order) {
    const state = family.state[cell]!
    if (!found.has(state) && family.witness(cell) !== null) found.set(state, cell)
  }
  return found
}

/** One cell of each state, of those that are not empty; one with an address that reads as an example where there is one. */
function cellsByState(family: Family): Map<StateId, number> {
  const found = new Map<StateId, number>()
  for (const cell of family.order) {
    if (found.has(family.state[cell]!) || family.isEmpty(cell)) continue
    found.set(family.state[cell]!, cell)
  }
  return found
}

/** The states of recipients with a way to a mailbox of each; local parts that tables name are classes of their own. */
function recipientClasses(family: Mailboxes): Map<StateId, () => Mailbox> {
  const found = new Map<StateId, () => Mailbox>()
  const tried = new Set<number>()
  const add = (state: StateId, cell: number, local: LocalClass | null): boolean => {
    if (found.has(state)) return true
    const mailbox = family.witness(cell, local)
    if (mailbox === null || mailbox === '<>') return false
    found.set(state, () => mailbox)
    return true
  }
  for (const cell of family.order) {
    const state = family.state[cell]!
    add(state, cell, null)
    if (family.isMailbox(cell)) continue
    for (const [i, local] of family.locals.entries()) {
      const key = state * (family.locals.length + 1) + i
      if (tried.has(key)) continue
      if (add(family.states.after(state, local.changes), cell, local)) tried.add(key)
    }
  }
  return found
}

/** Values at which some answer changes: a fact is at most the first, over the first and at most the second, and so on. */
function cutsOf(graph: Graph, on: 'size' | 'hops', boxes: readonly Box[]): number[] {
  const cuts = new Set<number>()
  for (const node of graph.nodes) if (!isLeaf(node) && node.kind === 'compare' && node.on === on) cuts.add(node.value)
  for (const box of boxes) {
    const ranges =
      on === 'size'
        ? (box.sizes ?? []).map(({ overBytes, upToBytes }) => [overBytes, upToBytes])
        : (box.hops ?? []).map(({ over, upTo }) => [over, upTo])
    for (const cut of ranges.flat()) if (cut !== null) cuts.add(cut!)
  }
  return [...cuts].sort((a, b) => a - b)
}
