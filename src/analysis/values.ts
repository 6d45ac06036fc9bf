import { type Behaviour, behaviourKey, type RouteText } from '../graph/behaviour.ts'
import type { CanonId } from './canon.ts'

/** Who a message accepted at RCPT goes to; which mailboxes and ways these are is said by the recipient (`outcomes.ts`). */
export type Token =
  /** The recipient itself. */
  | { readonly kind: 'self' }
  /** The mailboxes of an expansion. */
  | { readonly kind: 'list'; readonly leaf: CanonId }
  /** Those of the row of this table that the recipient takes. */
  | { readonly kind: 'row'; readonly table: CanonId }

/** What stands at the end of a diagram: a behaviour, whether a message is in a set, or a token. */
export type Value = Behaviour | { readonly kind: 'member'; readonly value: boolean } | TokenValue
export type TokenValue = { readonly kind: 'token'; readonly token: Token }
export type ValueId = number

/** Values by number; equal ones have one number. The mailbox `''` in a behaviour is the recipient itself. */
export type Values = {
  behaviour(behaviour: Behaviour): ValueId
  /** The recipient itself goes this way. `way` is the way's name: no two ways have one. */
  self(way: string, route: RouteText): ValueId
  member(value: boolean): ValueId
  token(token: Token): ValueId
  get(id: ValueId): Value
  isToken(id: ValueId): boolean
  /** Equal behaviours have equal keys, in whichever computation. */
  keyOf(id: ValueId): string
  count(): number
}

export function makeValues(): Values {
  const values: Value[] = []
  const keys: string[] = []
  const known = new Map<string, ValueId>()
  const put = (key: string, value: Value): ValueId => {
    let id = known.get(key)
    if (id === undefined) {
      id = values.push(value) - 1
      keys.push(key)
      known.set(key, id)
    }
    return id
  }
  return {
    behaviour: (behaviour) => put(`${behaviour.kind} ${behaviourKey(behaviour)}`, behaviour),
    member: (value) => put(`member ${value}`, { kind: 'member', value }),
    token: (token) => put(`token ${tokenKey(token)}`, { kind: 'token', token }),
    // The mailbox `''` stands nowhere else: nothing is written out to tell these from others.
    self: (way, route) => put(`self ${way}`, { kind: 'accepted', finals: [{ mailbox: '', route }] }),
    get: (id) => values[id]!,
    keyOf: (id) => keys[id]!,
    count: () => values.length,
    isToken: (id) => values[id]!.kind === 'token',
  }
}

export function tokenKey(token: Token): string {
  switch (token.kind) {
    case 'self':
      return 'self'
    case 'list':
      return `list ${token.leaf}`
    case 'row':
      return `row ${token.table}`
  }
}
