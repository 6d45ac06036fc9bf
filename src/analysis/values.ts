import { type Behaviour, behaviourKey } from '../graph/behaviour.ts'
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
  member(value: boolean): ValueId
  token(token: Token): ValueId
  get(id: ValueId): Value
  isToken(id: ValueId): boolean
}

export function makeValues(): Values {
  const values: Value[] = []
  const known = new Map<string, ValueId>()
  const put = (key: string, value: Value): ValueId => {
    let id = known.get(key)
    if (id === undefined) {
      id = values.push(value) - 1
      known.set(key, id)
    }
    return id
  }
  return {
    behaviour: (behaviour) => put(`${behaviour.kind} ${behaviourKey(behaviour)}`, behaviour),
    member: (value) => put(`member ${value}`, { kind: 'member', value }),
    token: (token) => put(`token ${tokenKey(token)}`, { kind: 'token', token }),
    get: (id) => values[id]!,
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
