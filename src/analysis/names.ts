import { unsaid } from '../graph/box.ts'
import { certificateRank, domainOfLogin, heloDomain, heloRank, loginRank } from '../graph/name-rank.ts'
import type { CanonTable } from './canon.ts'
import { bordersOf, type Family, orderOf } from './family.ts'
import { makeStates, type StateId, type States } from './states.ts'

export type NameFact = 'login' | 'certificate' | 'helo'

/**
 * Patterns of a name that a client may have or not: who logged in, its certificate, its HELO. What matches no row because
 * nothing was said is a cell of its own (`unsaid`).
 */
export type Names = Family & {
  readonly states: States
  /** One name of a cell; `unsaid` for none. `null` when no name that could be said is in it alone. */
  readonly witness: (cell: number) => string | null
}

/** `isApart`: to have said nothing differs from whatever might be said, as a stage is not asked then. */
export function namesOf(fact: NameFact, tables: readonly CanonTable[], isApart: boolean): Names {
  const said = tables.length
  const states = makeStates([...tables.map(({ otherwise }) => otherwise), 0])
  const patterns = [unsaid, '*']
  const cells = new Map([
    [unsaid, 0],
    ['*', 1],
  ])
  const changes = [isApart ? states.also(states.noChanges, said, 1) : states.noChanges, states.noChanges]
  for (const [table, { rows, labels }] of tables.entries()) {
    for (let i = 0; i < labels.length; i++) {
      const pattern = rows[i]![0]
      let cell = cells.get(pattern)
      if (cell === undefined) {
        cell = patterns.push(pattern) - 1
        cells.set(pattern, cell)
        changes.push(states.noChanges)
      }
      changes[cell] = states.also(changes[cell]!, table, labels[i]!)
    }
  }
  const parent = Int32Array.from(patterns, (pattern) => around(pattern))
  const order = orderOf(parent)
  const state = new Int32Array(patterns.length)
  for (const cell of order) {
    const outer: StateId = parent[cell]! < 0 ? states.root : state[parent[cell]!]!
    state[cell] = states.after(outer, changes[cell]!)
  }
  const family = { patterns, parent, order, state, isEmpty: () => false }
  return { ...family, borders: bordersOf(family), states, witness }

  /** The cell of the next pattern that matches all that this one does, and more. */
  function around(pattern: string): number {
    if (pattern === unsaid || pattern === '*') return -1
    if (fact === 'login' && !pattern.startsWith('*@')) {
      const domain = domainOfLogin(pattern)
      return domain === null ? 1 : (cells.get(`*@${domain}`) ?? 1)
    }
    if (fact === 'helo') {
      let rest = pattern.startsWith('*.') ? pattern.slice(2) : pattern
      for (let dot = rest.indexOf('.'); dot >= 0; dot = rest.indexOf('.')) {
        rest = rest.slice(dot + 1)
        const cell = cells.get(`*.${rest}`)
        if (cell !== undefined) return cell
      }
    }
    return 1
  }

  function witness(cell: number): string | null {
    const pattern = patterns[cell]!
    if (pattern === unsaid) return unsaid
    for (const name of candidates(fact, pattern)) if (decides(cell, name)) return name
    return null
  }

  /** True when this is the most specific of the patterns that match the name. */
  function decides(cell: number, name: string): boolean {
    if (nameRank[fact](patterns[cell]!, name) < 0) return false
    const own = cells.get(fact === 'helo' ? heloDomain(name) : name)
    return own === undefined ? around(fact === 'helo' ? heloDomain(name) : name) === cell : own === cell
  }
}

export const nameRank = { login: loginRank, certificate: certificateRank, helo: heloRank }

/** Names that the pattern may decide of, the plain ones first. */
function* candidates(fact: NameFact, pattern: string): Generator<string> {
  const isOne = pattern !== '*' && !pattern.startsWith(fact === 'login' ? '*@' : '*.')
  if (isOne) {
    yield pattern
    return
  }
  for (let i = 0; i < 2000; i++) {
    const number = i === 0 ? '' : String(i)
    if (fact === 'certificate') yield `sha256:${i.toString(16).padStart(64, '0')}`
    else if (fact === 'login') yield `someone${number}${pattern.slice(1)}`
    else yield pattern === '*' ? `client${number}.example` : `client${number}${pattern.slice(1)}`
    // Where there is little room, or all names below one top level are taken.
    if (fact === 'helo') yield pattern === '*' ? `client${number}` : `${i.toString(36)}${pattern.slice(1)}`
  }
}
