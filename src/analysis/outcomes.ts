import type { Behaviour } from '../graph/behaviour.ts'
import { type CanonId, type CanonLeaf, type CanonNode, wayText } from './canon.ts'
import type { Recipients } from './recipients.ts'
import type { StateId } from './states.ts'
import { type Token, type TokenValue, tokenKey, type ValueId, type Values } from './values.ts'

/** The route stage of each side and class of senders: what becomes of a message for a fine recipient, once it is accepted as a token says. */
export type Outcomes = {
  of(side: number, token: Token, fine: number): ValueId
  isRefused(side: number, token: Token, fine: number): boolean
  /** Of each fine recipient what the token means there; -1 where it means nothing: the row does not expand. */
  column(side: number, token: TokenValue): Int32Array
}

export function makeOutcomes(
  nodes: readonly CanonNode[],
  recipients: Recipients,
  values: Values,
  entries: readonly (readonly CanonId[])[],
): Outcomes {
  const refused = (leaf: Extract<CanonLeaf, { is: 'refuse' }>): ValueId => {
    const { code, status, text } = leaf
    return values.behaviour({ kind: 'refused', stage: 'route', code, status, text })
  }
  /** Of each leaf its value and one; 0 is not known yet. */
  const routes = new Int32Array(nodes.length)
  const selfValue = (leaf: CanonId): ValueId => {
    if (routes[leaf] === 0) {
      const node = nodes[leaf] as CanonLeaf
      if (node.is === 'refuse') routes[leaf] = refused(node) + 1
      else if (node.is === 'route' || node.is === 'hosts') routes[leaf] = values.self(node) + 1
      else throw new Error(`internal error: a route ends at ${node.is}`)
    }
    return routes[leaf]! - 1
  }
  const routeAt = (entry: CanonId, state: StateId): CanonId => {
    let id = entry
    for (let node = nodes[id]!; node.kind !== 'leaf'; node = nodes[id]!) {
      if (node.kind === 'tag') {
        // Marks are read at RCPT, not at each attempt.
        id = node.to
        continue
      }
      if (node.kind !== 'table') throw new Error(`internal error: a route asks for a ${node.kind}`)
      id = node.on === 'destination' ? node.otherwise : recipients.labelAt(id, state)
    }
    return id
  }

  /** Of each entry, for each fine atom, the value of `self`; 0 is not known yet. */
  const selves = new Map(entries.flat().map((entry) => [entry, new Int32Array(recipients.fine.length)]))
  const self = (entry: CanonId, fine: number): ValueId => {
    const known = selves.get(entry)!
    if (known[fine] === 0) known[fine] = selfValue(routeAt(entry, recipients.fine[fine]!)) + 1
    return known[fine]! - 1
  }

  const lists = new Map(entries.flat().map((entry) => [entry, new Map<CanonId, ValueId>()]))
  const list = (entry: CanonId, leaf: CanonId, fine: number): ValueId => {
    const node = nodes[leaf] as CanonLeaf
    if (node.is !== 'expand') throw new Error(`internal error: ${node.is} is no expansion`)
    if (node.to.length === 1 && recipients.single(fine) === node.to[0]!.key) return self(entry, fine)
    const known = lists.get(entry)!
    let value = known.get(leaf)
    if (value === undefined) {
      value = expanded(entry, node)
      known.set(leaf, value)
    }
    return value
  }
  const expanded = (entry: CanonId, node: Extract<CanonLeaf, { is: 'expand' }>): ValueId => {
    const finals: Extract<Behaviour, { kind: 'accepted' }>['finals'][number][] = []
    for (const { mailbox } of node.to) {
      const leaf = nodes[routeAt(entry, recipients.family.stateOf(mailbox))] as CanonLeaf
      if (leaf.is === 'refuse') return refused(leaf)
      if (leaf.is !== 'route' && leaf.is !== 'hosts') throw new Error(`internal error: a route ends at ${leaf.is}`)
      finals.push({ mailbox: mailbox.text, route: wayText(leaf) })
    }
    return values.behaviour({ kind: 'accepted', finals })
  }

  const expands = (token: Token, fine: number): boolean => {
    if (token.kind !== 'row') return true
    const leaf = nodes[recipients.labelOf(token.table, fine)]!
    return leaf.kind === 'leaf' && leaf.is === 'expand'
  }
  const columns = new Map<string, Int32Array>()

  const outcomes: Outcomes = {
    of(side, token, fine) {
      const entry = entries[side]![token.senders]!
      switch (token.kind) {
        case 'self':
          return self(entry, fine)
        case 'list':
          return list(entry, token.leaf, fine)
        case 'row':
          return list(entry, recipients.labelOf(token.table, fine), fine)
      }
    },
    isRefused(side, token, fine) {
      // Where this table does not expand, nobody is accepted by it.
      if (!expands(token, fine)) return false
      return values.isRefused(outcomes.of(side, token, fine))
    },
    column(side, { token, tags }) {
      const key = `${side} ${tokenKey(token)} ${JSON.stringify(tags)}`
      let column = columns.get(key)
      if (column === undefined) {
        column = new Int32Array(recipients.fine.length)
        for (let fine = 0; fine < column.length; fine++) {
          if (token.kind === 'self') column[fine] = self(entries[side]![token.senders]!, fine)
          else column[fine] = expands(token, fine) ? outcomes.of(side, token, fine) : -1
          if (tags.length > 0 && column[fine]! >= 0) column[fine] = tags.reduce(values.tagged, column[fine]!)
        }
        columns.set(key, column)
      }
      return column
    },
  }
  return outcomes
}
