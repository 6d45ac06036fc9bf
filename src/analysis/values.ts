import { type Behaviour, behaviourKey } from '../graph/behaviour.ts'
import { type CanonId, type Way, wayName, wayText } from './canon.ts'

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
  /** The recipient itself goes the way of this leaf. No two leaves have one way. */
  self(leaf: Way): ValueId
  member(value: boolean): ValueId
  token(token: Token): ValueId
  get(id: ValueId): Value
  isToken(id: ValueId): boolean
  isRefused(id: ValueId): boolean
  /** A value that differs from this one in the hosts it goes to and nothing else, the same one for all of these. */
  likeOf(id: ValueId): ValueId
  /** Equal behaviours have equal keys, in whichever computation. */
  keyOf(id: ValueId): string
  count(): number
}

export function makeValues(): Values {
  /** Those that a leaf stands for are written out when they are asked for: there may be as many as routes. */
  const values: (Value | Way)[] = []
  const keys: (string | null)[] = []
  const known = new Map<string, ValueId>()
  let toHosts: ValueId | null = null
  const put = (key: string, value: Value): ValueId => {
    let id = known.get(key)
    if (id === undefined) {
      id = values.push(value) - 1
      keys.push(key)
      known.set(key, id)
    }
    return id
  }
  const wayAt = (id: ValueId): Way | null => {
    const value = values[id]!
    return value.kind === 'leaf' ? value : null
  }
  return {
    behaviour: (behaviour) => put(`${behaviour.kind} ${behaviourKey(behaviour)}`, behaviour),
    member: (value) => put(`member ${value}`, { kind: 'member', value }),
    token: (token) => put(`token ${tokenKey(token)}`, { kind: 'token', token }),
    // The mailbox `''` stands nowhere else: nothing is written out to tell these from others.
    self(leaf) {
      keys.push(null)
      return values.push(leaf) - 1
    },
    get(id) {
      const value = values[id]!
      if (value.kind !== 'leaf') return value
      const behaviour: Behaviour = { kind: 'accepted', finals: [{ mailbox: '', route: wayText(value) }] }
      return behaviour
    },
    keyOf(id) {
      const way = wayAt(id)
      return way === null ? keys[id]! : `self ${wayName(way)}`
    },
    count: () => values.length,
    isToken: (id) => values[id]!.kind === 'token',
    isRefused: (id) => values[id]!.kind === 'refused',
    likeOf(id) {
      const way = wayAt(id)
      if (way?.is !== 'hosts') return id
      toHosts ??= id
      return toHosts
    },
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
