import { parseMailbox } from '../mail/path.ts'
import { checkClaims } from './check-claims.ts'
import { checkControl } from './check-control.ts'
import { checkCopyNote } from './check-copies.ts'
import { checkHintNote } from './check-hints.ts'
import { checkOracle } from './check-oracle.ts'
import { isSorted } from './check-order.ts'
import { patternTest } from './check-pattern.ts'
import type { Control } from './control.ts'
import {
  edgesOf,
  type Graph,
  isLeaf,
  type Leaf,
  type Node,
  type Note,
  type Stage,
  stages,
  type Table,
  tableFacts,
} from './graph.ts'
import { type Check, line, lines, listOf, oneOf, record, ShapeError, text, whole } from './shape.ts'

const id = whole(0, 2 ** 31 - 1)
const at = text(/^[^\x00-\x1f\x7f]{0,2000}$/, 'a path in the document')
const leafAt: Check = (value, where) => {
  if (value !== null) at(value, where)
}
const row: Check = (value, where) => {
  if (!Array.isArray(value) || value.length !== 3) throw new ShapeError(where, '[pattern, node, at]', value)
  if (typeof value[0] !== 'string') throw new ShapeError(where, 'a pattern', value[0])
  id(value[1], where)
  at(value[2], where)
}
const listenerCase: Check = (value, where) => {
  if (!Array.isArray(value) || value.length !== 2) throw new ShapeError(where, '[name, node]', value)
  line(value[0], where)
  id(value[1], where)
}
const hostPort = record({ host: text(/^[A-Za-z0-9_.:-]{1,255}$/, 'a host'), port: whole(1, 65535) })
const any: Check = () => {}
const kind = { kind: any }

const shapes = new Map<unknown, Check>(
  Object.entries({
    choice: record({ ...kind, on: oneOf('listener', 'tls'), cases: listOf(listenerCase), otherwise: id }, { at }),
    table: record(
      {
        ...kind,
        on: oneOf(...tableFacts),
        rows: listOf(row),
        otherwise: id,
      },
      { at },
    ),
    compare: record(
      { ...kind, on: oneOf('size', 'hops'), value: whole(0, Number.MAX_SAFE_INTEGER), over: id, within: id },
      { at },
    ),
    oracle: record({
      ...kind,
      oracle: checkOracle,
      outcomes: record({ listed: id, clear: id, error: id }),
      at,
    }),
    note: record({
      ...kind,
      note: oneOf('observe', 'tag', 'rewrite', 'journal', 'hints'),
      at,
      code: whole(0, 599),
      status: text(/^(?:[45]\.\d{1,3}\.\d{1,3})?$/, 'an enhanced status code'),
      text: lines,
      to: id,
    }),
    next: record({ ...kind, at: leafAt }),
    refuse: record({
      ...kind,
      at: leafAt,
      code: whole(400, 599),
      status: text(/^[45]\.\d{1,3}\.\d{1,3}$/, 'an enhanced status code'),
      text: lines,
    }),
    expand: record({ ...kind, at: leafAt, to: listOf(text(/^[^\x00-\x1f\x7f]{3,300}$/, 'a mailbox')) }),
    park: record({ ...kind, at: leafAt, reason: line }),
    relay: record({ ...kind, at: leafAt, relay: line }),
    hosts: record({ ...kind, at: leafAt, hosts: listOf(hostPort, 1000) }),
    mx: record({ ...kind, at: leafAt, tls: oneOf('off', 'may', 'encrypt', 'verify') }),
    deliver: record({ ...kind, at: leafAt, dir: line }),
    hold: record({ ...kind, at: leafAt, reason: line }),
    discard: record({ ...kind, at: leafAt }),
  } satisfies Record<Node['kind'], Check>),
)

const frame = record({
  format: oneOf('mailgw-graph/1'),
  control: any,
  claims: any,
  nodes: listOf(any, 2 ** 30),
  entry: record(Object.fromEntries(stages.map((stage) => [stage, id]))),
})

/**
 * True graphs only: every edge leads forward to a node that exists, so each walk ends; every table is sorted and its
 * patterns are such; each stage ends at leaves that it may end at. Throws `ShapeError`.
 */
export function checkGraph(value: unknown): asserts value is Graph {
  frame(value, 'graph')
  const graph = value as Graph
  checkControl(graph.control, 'graph.control')
  checkClaims(graph.claims, 'graph.claims')
  for (const [index, node] of graph.nodes.entries()) checkNode(node, index, graph)
  for (const stage of stages) edge(graph.entry[stage], -1, graph, `graph.entry.${stage}`)
  checkEnds(graph)
}

function checkNode(node: unknown, index: number, graph: Graph): asserts node is Node {
  const where = `graph.nodes[${index}]`
  if (typeof node !== 'object' || node === null) throw new ShapeError(where, 'a node', node)
  const check = shapes.get((node as { kind?: unknown }).kind)
  if (check === undefined || !Object.hasOwn(node, 'kind'))
    throw new ShapeError(`${where}.kind`, 'a kind of node', (node as { kind?: unknown }).kind)
  check(node, where)
  const known = node as Node
  for (const to of edgesOf(known)) edge(to, index, graph, where)
  if (known.kind === 'table') checkTable(known, where)
  if (known.kind === 'choice' && !isSorted(known.cases.map(([name]) => name)))
    throw new ShapeError(where, 'cases sorted, each once', known.cases)
  if (known.kind === 'choice' && known.on === 'tls' && known.cases.some(([name]) => name !== 'tls'))
    throw new ShapeError(where, 'the case tls alone', known.cases)
  if (known.kind === 'note') {
    checkNote(known, where)
    checkCopyNote(known, graph.control, where)
    checkHintNote(known, graph.control, where)
  }
  if (isLeaf(known)) checkLeaf(known, graph.control, where)
  if (known.kind === 'oracle' && known.oracle.kind === 'recipient') {
    const { id } = known.oracle
    if (graph.control.recipientChecks?.some((check) => check.id === id) !== true)
      throw new ShapeError(where, 'a check of graph.control.recipientChecks', id)
  }
}

function edge(to: number, from: number, graph: Graph, where: string): void {
  if (to <= from || to >= graph.nodes.length) {
    throw new ShapeError(where, `an edge to a node from ${from + 1} to ${graph.nodes.length - 1}`, to)
  }
}

function checkTable(table: Table, where: string): void {
  if (!isSorted(table.rows.map(([pattern]) => pattern)))
    throw new ShapeError(where, 'rows sorted, each pattern once', table.rows)
  const isPattern = patternTest(table.on)
  for (const [pattern] of table.rows) {
    if (!isPattern(pattern)) throw new ShapeError(where, `a pattern of ${table.on}`, pattern)
  }
}

/** A mark is a word that may stand in a header field; what is observed is a reply. */
function checkNote({ note, code, status, text: said }: Note, where: string): void {
  if (note === 'observe') {
    if (code < 400 || String(code)[0] !== status[0])
      throw new ShapeError(where, `a code from 400 with a status of its class`, `${code} ${status}`)
  } else if (
    code !== 0 ||
    status !== '' ||
    !/^[\x21-\x7e]{1,4000}$/.test(said) ||
    (note !== 'hints' && said.length > 400) ||
    (note === 'tag' && said.length > 100)
  ) {
    throw new ShapeError(where, 'a mark of visible ASCII, with code 0 and no status', said)
  }
}

function checkLeaf(leaf: Leaf, control: Control, where: string): void {
  if (leaf.kind === 'relay' && !control.relays.some(({ name }) => name === leaf.relay)) {
    throw new ShapeError(where, 'a relay of graph.control', leaf.relay)
  }
  if (leaf.kind === 'refuse' && String(leaf.code)[0] !== leaf.status[0]) {
    throw new ShapeError(where, `a status of class ${String(leaf.code)[0]}`, leaf.status)
  }
  if (leaf.kind === 'hosts' && leaf.hosts.length === 0) throw new ShapeError(where, 'a host', leaf.hosts)
  if (leaf.kind === 'expand') {
    if (leaf.to.length === 0) throw new ShapeError(where, 'a mailbox', leaf.to)
    for (const to of leaf.to) if (!parseMailbox(to).ok) throw new ShapeError(where, 'a mailbox', to)
  }
}

/** Where a stage may end. `route` and `destination` are asked where nobody can wait for an oracle. */
function mayEndAt(stage: Stage, node: Node): boolean {
  switch (node.kind) {
    case 'choice':
    case 'table':
    case 'compare':
      return true
    case 'oracle':
      return stage !== 'route' && stage !== 'destination'
    // The queue, which asks for routes again and again, has nobody to tell.
    case 'note':
      return stage !== 'route'
    case 'refuse':
      return true
    case 'next':
      return stage !== 'route'
    case 'expand':
    case 'park':
      return stage === 'rcpt'
    default:
      return stage === 'route'
  }
}

function checkEnds(graph: Graph): void {
  const reached = new Uint8Array(graph.nodes.length)
  for (const stage of stages) {
    // Edges lead forward, so one pass in order finds all.
    const here = new Uint8Array(graph.nodes.length)
    here[graph.entry[stage]] = 1
    for (let index = graph.entry[stage]; index < graph.nodes.length; index++) {
      if (here[index] === 0) continue
      const node = graph.nodes[index]!
      if (!mayEndAt(stage, node))
        throw new ShapeError(`graph.nodes[${index}]`, `a node that ${stage} may have`, node.kind)
      reached[index] = 1
      for (const to of edgesOf(node)) here[to] = 1
    }
  }
  const unused = reached.indexOf(0)
  if (unused >= 0)
    throw new ShapeError(`graph.nodes[${unused}]`, 'a node that some stage reaches', graph.nodes[unused]!.kind)
}
