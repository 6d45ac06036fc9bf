import type { Stage } from '../graph/graph.ts'
import { type CanonId, type CanonLeaf, type CanonNode, type CanonTable, reachedFrom } from './canon.ts'
import { type Diagram, type DiagramId, terminal } from './diagram.ts'
import { type Dimensions, variable } from './dimensions.ts'
import type { Outcomes } from './outcomes.ts'
import type { Recipients } from './recipients.ts'
import { type Token, tokenKey, type Values } from './values.ts'

type Parts = {
  readonly nodes: readonly CanonNode[]
  readonly dimensions: Dimensions
  readonly recipients: Recipients
  readonly outcomes: Outcomes
  readonly values: Values
  readonly diagram: Diagram
}

export type MailFunction = {
  /** The stages of a side as one function of the message. */
  compose(side: number, entry: Readonly<Record<'connect' | 'mail' | 'rcpt' | 'data', CanonId>>): DiagramId
  set(entry: CanonId): DiagramId
}

/**
 * Stages composed in the order of `graph/admission.ts` and `behaviourOf`: connect, mail, rcpt, the routes of whom it is
 * accepted for, data. Each is built with what comes after it in place of its leaf `next`.
 */
export function makeMailFunction(parts: Parts): MailFunction {
  const { recipients, outcomes, values, diagram, dimensions } = parts

  const stage = (name: Stage, entry: CanonId, next: (leaf: CanonLeaf, by: Token) => DiagramId): DiagramId =>
    build(parts, entry, (leaf, by) => {
      if (leaf.is !== 'refuse') return next(leaf, by)
      const { code, status, text } = leaf
      return terminal(values.behaviour({ kind: 'refused', stage: name, code, status, text }))
    })

  return {
    compose(side, entry) {
      const accepted = new Map<string, DiagramId>()
      /** After RCPT has accepted: a route that refuses, or the data. Both know the token only. */
      const acceptedBy = (token: Token): DiagramId => {
        const key = tokenKey(token)
        let rest = accepted.get(key)
        if (rest === undefined) {
          const end = terminal(values.token(token))
          const data = stage('data', entry.data, () => end)
          const edges = Int32Array.from(recipients.coarse, (fine) =>
            outcomes.isRefused(side, token, fine) ? end : data,
          )
          rest = diagram.select(dimensions.recipient, edges)
          accepted.set(key, rest)
        }
        return rest
      }
      const rcpt = stage('rcpt', entry.rcpt, (leaf, by) => acceptedBy(leaf.is === 'next' ? { kind: 'self' } : by))
      const mail = stage('mail', entry.mail, () => rcpt)
      return stage('connect', entry.connect, () => mail)
    },
    set: (entry) =>
      build(parts, entry, (leaf) => {
        if (leaf.is !== 'member') throw new Error(`internal error: a set ends at ${leaf.is}`)
        return terminal(values.member(leaf.value))
      }),
  }
}

/** A walk as a diagram. What expands is named by who leads there: the row of a table of recipients, or the list itself. */
function build(
  { nodes, dimensions, recipients, diagram }: Parts,
  entry: CanonId,
  atLeaf: (leaf: CanonLeaf, by: Token) => DiagramId,
): DiagramId {
  const built = new Map<CanonId, DiagramId>()
  const leafOf = (id: CanonId): DiagramId => {
    let found = built.get(id)
    if (found === undefined) {
      found = atLeaf(nodes[id] as CanonLeaf, { kind: 'list', leaf: id })
      built.set(id, found)
    }
    return found
  }
  const to = (id: CanonId): DiagramId => built.get(id) ?? leafOf(id)
  // What a node leads to comes before it. Leaves are made when they are met: an expansion may be met in two ways.
  for (const id of reachedFrom(nodes, [entry])) {
    const node = nodes[id]!
    if (node.kind !== 'leaf') built.set(id, buildNode(id, node))
  }
  return to(entry)

  function buildNode(id: CanonId, node: Exclude<CanonNode, CanonLeaf>): DiagramId {
    switch (node.kind) {
      case 'choice':
        return diagram.select(
          variable.listener,
          Int32Array.from(dimensions.listeners, (names) => to(node.cases.get(names[0]!) ?? node.otherwise)),
        )
      case 'compare': {
        const { cuts, count } = node.on === 'size' ? dimensions.sizesOf : dimensions.hopsOf
        const cut = cuts.indexOf(node.value)
        const edges = Int32Array.from({ length: count }, (_, atom) => to(atom > cut ? node.over : node.within))
        return diagram.select(node.on === 'size' ? variable.size : variable.hops, edges)
      }
      case 'oracle': {
        const edges = Int32Array.of(to(node.listed), to(node.clear), to(node.error))
        return diagram.select(variable.firstOracle + dimensions.oracles.indexOf(node.name), edges)
      }
      case 'table':
        return buildTable(id, node)
    }
  }

  function buildTable(id: CanonId, { on, otherwise }: CanonTable): DiagramId {
    switch (on) {
      case 'client':
      case 'sender': {
        const atoms = on === 'client' ? dimensions.clients : dimensions.senders
        const edges = Int32Array.from(atoms.states, (_, atom) => to(atoms.labelOf(id, atom)))
        return diagram.select(on === 'client' ? variable.client : variable.sender, edges)
      }
      case 'recipient':
      case 'local-part': {
        const row: Token = { kind: 'row', table: id }
        let expands: DiagramId | null = null
        const edges = Int32Array.from(recipients.coarse, (fine) => {
          const label = recipients.labelOf(id, fine)
          const node = nodes[label]!
          if (node.kind !== 'leaf' || node.is !== 'expand') return to(label)
          expands ??= atLeaf(node, row)
          return expands
        })
        return diagram.select(dimensions.recipient, edges)
      }
      case 'destination':
        // No delivery has begun: the fact is not known, and no row matches it.
        return to(otherwise)
      case 'login':
      case 'certificate':
      case 'helo':
        throw new Error(`internal error: no dimension for ${on}`)
    }
  }
}
