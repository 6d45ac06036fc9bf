import { type Behaviour, behaviourKey } from '../graph/behaviour.ts'
import { type CanonId, type Way, wayName, wayText } from './canon.ts'

/**
 * Who a message accepted at RCPT goes to; which mailboxes and ways these are is said by the recipient (`outcomes.ts`), and
 * by the class of its sender where routes depend on that (`route-senders.ts`).
 */
export type Token = Expansion & { readonly senders: number }
export type Expansion =
  /** The recipient itself. */
  | { readonly kind: 'self' }
  /** The mailboxes of an expansion. */
  | { readonly kind: 'list'; readonly leaf: CanonId }
  /** Those of the row of this table that the recipient takes. */
  | { readonly kind: 'row'; readonly table: CanonId }

/** What stands at the end of a diagram: a behaviour, whether a message is in a set, or a token. */
export type Value = Behaviour | { readonly kind: 'member'; readonly value: boolean } | TokenValue
/** `tags`: the marks that the message has got, sorted. */
export type TokenValue = { readonly kind: 'token'; readonly token: Token; readonly tags: readonly string[] }
export type ValueId = number

/** Values by number; equal ones have one number. The mailbox `''` in a behaviour is the recipient itself. */
export type Values = {
  behaviour(behaviour: Behaviour): ValueId
  /** The recipient itself goes the way of this leaf. No two leaves have one way. */
  self(leaf: Way): ValueId
  member(value: boolean): ValueId
  token(token: Token): ValueId
  /** The same with one mark more; what is refused has none. */
  tagged(id: ValueId, tag: string): ValueId
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
  const get = (id: ValueId): Value => {
    const value = values[id]!
    if (value.kind !== 'leaf') return value
    const behaviour: Behaviour = { kind: 'accepted', finals: [{ mailbox: '', route: wayText(value) }] }
    return behaviour
  }
  const keyOf = (id: ValueId): string => {
    const way = wayAt(id)
    return way === null ? keys[id]! : `self ${wayName(way)}`
  }
  const tagged = (id: ValueId, tag: string): ValueId => {
    const value = get(id)
    if (value.kind === 'refused' || value.kind === 'member') return id
    const tags = [...new Set([...(value.tags ?? []), tag])].sort()
    if (value.kind === 'token') return put(`token ${tokenKey(value.token)} ${JSON.stringify(tags)}`, { ...value, tags })
    // Not the name of what it would be without marks: that may be the name of a leaf's way.
    const bare = value.tags === undefined ? keyOf(id) : keyOf(id).slice(0, -JSON.stringify(value.tags).length - 1)
    return put(`${bare} ${JSON.stringify(tags)}`, { ...value, tags })
  }
  return {
    behaviour: (behaviour) => put(`${behaviour.kind} ${behaviourKey(behaviour)}`, behaviour),
    member: (value) => put(`member ${value}`, { kind: 'member', value }),
    token: (token) => put(`token ${tokenKey(token)}`, { kind: 'token', token, tags: [] }),
    tagged,
    // The mailbox `''` stands nowhere else: nothing is written out to tell these from others.
    self(leaf) {
      keys.push(null)
      return values.push(leaf) - 1
    },
    get,
    keyOf,
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

export const tokenKey = (token: Token): string =>
  token.senders === 0 ? expansionKey(token) : `${expansionKey(token)} of senders ${token.senders}`

export function expansionKey(token: Expansion): string {
  switch (token.kind) {
    case 'self':
      return 'self'
    case 'list':
      return `list ${token.leaf}`
    case 'row':
      return `row ${token.table}`
  }
}
