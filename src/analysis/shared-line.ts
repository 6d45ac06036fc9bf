import { type Box, namesHold, type PatternSet, unsaid } from '../graph/box.ts'
import type { Line } from '../graph/evaluator.ts'
import { byCodeUnits } from '../graph/pattern.ts'
import type { CanonTable } from './canon.ts'
import { type NameFact, nameRank, namesOf } from './names.ts'

/** A line of which both boxes have messages, `null` when there is none. Nobody has a certificate on a line in the clear. */
export function commonLine(a: Box, b: Box): Line | null {
  const certificate = commonName('certificate', a.certificates, b.certificates)
  const login = commonName('login', a.logins, b.logins)
  const helo = commonName('helo', a.helos, b.helos)
  if (certificate === null || login === null || helo === null) return null
  const lines = certificate === unsaid ? [false, true] : [true]
  const tls = lines.find((one) => [a, b].every((box) => box.tls === undefined || box.tls === one))
  if (tls === undefined) return null
  const said = (name: string) => (name === unsaid ? null : name)
  return { tls, certificate: said(certificate), login: said(login), helo: said(helo) }
}

/** `unsaid` for no name; `null` when no name is in both. */
function commonName(fact: NameFact, a: PatternSet | undefined, b: PatternSet | undefined): string | null {
  const sets = [a, b].map((set) => set ?? null)
  const family = namesOf(fact, [rowsOf(fact, sets)], true)
  for (const cell of family.order) {
    const name = family.witness(cell)
    if (
      name !== null &&
      sets.every((set) => set === null || namesHold(set, name === unsaid ? null : name, nameRank[fact]))
    )
      return name
  }
  return null
}

/** Their patterns as a table. */
export function rowsOf(on: 'client' | 'recipient' | NameFact, sets: readonly (PatternSet | null)[]): CanonTable {
  const patterns = new Set(sets.flatMap((set) => (set ?? []).flatMap(({ pattern, except }) => [pattern, ...except])))
  const rows = [...patterns].sort(byCodeUnits).map((pattern) => [pattern] as const)
  // Each its own label: which of them a cell is in is asked of the sets.
  return { kind: 'table', on, rows, labels: Int32Array.from(rows, (_, i) => i + 1), otherwise: 0 }
}
