import { assertNever } from '../mail/result.ts'
import type { Code } from './codes.ts'
import type { Diagnostic } from './diagnostic.ts'
import { type DocPath, type Position, type Positions, pathText } from './positions.ts'
import { TableFile, type TableRow } from './source.ts'
import { inYaml, isYaml } from './yaml-spelling.ts'

/** A piece of the document: in the document itself (its key or its value), or a cell of a table. */
export type Spot =
  | { readonly kind: 'key'; readonly path: DocPath }
  | { readonly kind: 'value'; readonly path: DocPath }
  | {
      readonly kind: 'cell'
      readonly path: DocPath
      readonly table: TableFile
      readonly row: TableRow
      readonly part: DocPath
    }

export type Extra = { readonly hint?: string | null; readonly related?: readonly Related[] }
export type Related = { readonly message: string; readonly spot: Spot }

/** Collects what is wrong and where things stand. Nothing here throws: all problems are told at once. */
export type Report = {
  error(code: Code, spot: Spot, message: string, extra?: Extra): void
  warning(code: Code, spot: Spot, message: string, extra?: Extra): void
  /** Notes where the element `at` stands. */
  place(at: string, spot: Spot): void
  /** False when the structure of what stands at `path` is known to be wrong; it has been told. */
  sound(path: DocPath): boolean
  /** The structure at `path` is wrong. */
  spoil(path: DocPath): void
}

export type Findings = {
  readonly report: Report
  readonly diagnostics: Diagnostic[]
  readonly places: Map<string, Position>
}

export function findings(positions: Positions): Findings {
  const diagnostics: Diagnostic[] = []
  const places = new Map<string, Position>()
  const spoiled = new Set<string>()

  const add = (severity: Diagnostic['severity'], code: Code, spot: Spot, message: string, extra: Extra = {}) => {
    const path = pathText(spot.path)
    const related = (extra.related ?? []).flatMap(({ message: text, spot: other }) => {
      const position = positionOf(other, positions)
      return position === null ? [] : [{ message: text, position }]
    })
    const position = positionOf(spot, positions)
    const spelt = position !== null && isYaml(position.file) ? inYaml : (text: string) => text
    const whole = path === '' ? spelt(message) : `${path}: ${spelt(message)}`
    const hint = extra.hint == null ? null : spelt(extra.hint)
    diagnostics.push({ code, severity, message: whole, path, position, related, hint })
  }
  const report: Report = {
    error: (code, spot, message, extra) => add('error', code, spot, message, extra),
    warning: (code, spot, message, extra) => add('warning', code, spot, message, extra),
    place(at, spot) {
      const position = positionOf(spot, positions)
      if (position !== null && !places.has(at)) places.set(at, position)
    },
    sound: (path) => spoiled.size === 0 || !spoiled.has(pathText(path)),
    spoil(path) {
      for (let length = path.length; length > 0; length--) spoiled.add(pathText(path.slice(0, length)))
    },
  }
  return { report, diagnostics, places }
}

function positionOf(spot: Spot, positions: Positions): Position | null {
  switch (spot.kind) {
    case 'key':
      return positions.key(spot.path)
    case 'value':
      return positions.value(spot.path)
    case 'cell':
      return spot.table.positionOf(spot.row, spot.part)
    default:
      return assertNever(spot)
  }
}

/** By file, line, column, then code; the same problem at the same place once. */
export function sorted(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const order = (a: Diagnostic, b: Diagnostic) =>
    compare(a.position?.file ?? '', b.position?.file ?? '') ||
    (a.position?.line ?? 0) - (b.position?.line ?? 0) ||
    (a.position?.column ?? 0) - (b.position?.column ?? 0) ||
    compare(a.code, b.code) ||
    compare(a.message, b.message)
  const list = [...diagnostics].sort(order)
  return list.filter((diagnostic, i) => i === 0 || order(list[i - 1]!, diagnostic) !== 0)
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** What came, for a message: texts and numbers as they are, cut when long; the rest by its kind. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object' && value !== null) {
    return value instanceof TableFile ? 'a table' : 'an object'
  }
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
