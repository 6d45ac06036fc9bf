import { basename } from 'node:path'
import type { DocPath } from './positions.ts'
import { TableFile, type TableRow } from './source.ts'
import { suggest } from './suggest.ts'
import { type Report, type Spot, shown } from './validate-report.ts'

/** One text of a list, wherever the list was written. */
export type Item = { readonly text: string; readonly spot: Spot }

/** One entry of an object, or one row of a table with two columns. `path` names it, `[...section, key]`. */
export type Pair = {
  readonly key: string
  readonly value: unknown
  readonly path: DocPath
  readonly keySpot: Spot
  readonly valueSpot: Spot
}

/** A column that every table may have, for people. */
const comment = 'comment'

/**
 * The texts of a list: one alone, an array, a table's `column`, or a mixture. What is no text has been told by the schema.
 * An empty list is an error: somebody means "any" by it, somebody else "none", and an empty table is a failed export.
 */
export function items(report: Report, value: unknown, path: DocPath, column: string): Item[] {
  const list: Item[] = []
  const add = (part: unknown, at: DocPath) => {
    if (typeof part === 'string') list.push({ text: part, spot: { kind: 'value', path: at } })
    else if (part instanceof TableFile) {
      for (const row of records(report, part, at, [column])) {
        const text = cellValue(part, row, column, 0)
        const spot = cellSpot([...path, String(text)], part, row, column, 0)
        if (typeof text === 'string') list.push({ text, spot })
        else report.error('MG1207', spot, `expected a text in the column "${column}", got ${shown(text)}`)
      }
    }
  }
  if (Array.isArray(value)) {
    for (const [i, part] of value.entries()) add(part, [...path, i])
  } else add(value, path)
  const empty = Array.isArray(value) ? value.length === 0 : value instanceof TableFile && value.rows.length === 0
  if (empty) tellEmpty(report, path)
  return list
}

/** Keys whose list cannot be left out. */
const needed = new Set<string | number>(['networks', 'hosts', 'bind', 'urls', 'exec'])

export function tellEmpty(report: Report, path: DocPath): void {
  const hint = needed.has(path.at(-1)!) ? null : 'leave the key out instead'
  report.error('MG1205', { kind: 'value', path }, 'expected at least one, got none', { hint })
}

/** The entries of an object, or the rows of a table whose columns are `columns` (key, value). */
export function* pairs(
  report: Report,
  value: unknown,
  section: DocPath,
  columns: readonly [string, string],
): Generator<Pair> {
  if (value instanceof TableFile) {
    for (const row of records(report, value, section, columns)) {
      const pair = new RowPair(value, row, section, columns)
      if (typeof pair.key === 'string') yield pair
      else report.error('MG1207', pair.keySpot, `expected a text in the column "${columns[0]}", got ${shown(pair.key)}`)
    }
    return
  }
  for (const [key, part] of entries(value)) {
    const path = [...section, key]
    if (report.sound(path))
      yield { key, value: part, path, keySpot: { kind: 'key', path }, valueSpot: { kind: 'value', path } }
  }
}

/** Own entries of an object; none of anything else. Loading refuses the key `__proto__`, and the schema cannot see it. */
export function entries(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof TableFile)
    ? Object.entries(value).filter(([name]) => name !== '__proto__')
    : []
}

/** The rows that have all `columns`; the others are told. */
function* records(report: Report, table: TableFile, path: DocPath, columns: readonly string[]): Generator<TableRow> {
  const header = table.columns
  const known = [...columns, comment]
  const want = `the columns ${columns.map((column) => `"${column}"`).join(' and ')}`
  if (header !== null) {
    const spot: Spot = { kind: 'value', path }
    const missing = columns.filter((column) => !header.includes(column))
    for (const name of header) {
      if (known.includes(name)) continue
      const meant = suggest(name, missing)
      if (meant !== null) missing.splice(missing.indexOf(meant), 1)
      const hint = meant === null ? null : `did you mean ${JSON.stringify(meant)}?`
      report.error('MG1207', spot, `expected ${want} in ${basename(table.file)}, got "${name}"`, { hint })
    }
    for (const column of missing)
      report.error('MG1207', spot, `expected ${want} in ${basename(table.file)}, got no "${column}"`)
    if (columns.some((column) => !header.includes(column))) {
      return
    }
  }
  const most = header === null ? columns.length : header.length
  for (const row of table.rows) {
    const problem = misfit(row, columns, known, most)
    if (problem !== null) {
      report.error('MG1207', { kind: 'cell', path, table, row, part: [] }, `expected ${want}, got ${problem}`)
    } else yield row
  }
}

/** What is wrong with the shape of a row, in words, or `null`. */
function misfit(row: TableRow, columns: readonly string[], known: readonly string[], most: number): string | null {
  const cells = row.cells.length
  if (cells > most) return `${cells} cells`
  if (cells > 0) return cells < columns.length ? `${cells} ${cells === 1 ? 'cell' : 'cells'}` : null
  const { value } = row
  if (Array.isArray(value)) return value.length === columns.length ? null : `a list of ${value.length}`
  if (typeof value !== 'object' || value === null) return columns.length === 1 ? null : shown(value)
  const strange = Object.keys(value).find((key) => !known.includes(key))
  return strange === undefined ? null : `the key "${strange}"`
}

/** What a row has in a column, as a cell or as JSON; `position` is the column's where no header names it. */
function cellValue(table: TableFile, { cells, value }: TableRow, column: string, position: number): unknown {
  if (cells.length > 0) return cells[cellOf(table, column, position)]
  if (Array.isArray(value)) return value[position]
  if (typeof value !== 'object' || value === null) return value
  return Object.hasOwn(value, column) ? (value as Record<string, unknown>)[column] : undefined
}

const cellOf = (table: TableFile, column: string, position: number): number =>
  table.columns === null ? position : Math.max(0, table.columns.indexOf(column))

/** A row of a table as a pair. Where it stands is worked out when somebody asks: tables have a hundred thousand rows. */
class RowPair implements Pair {
  readonly key: string
  readonly value: unknown
  readonly #table: TableFile
  readonly #row: TableRow
  readonly #section: DocPath
  readonly #columns: readonly [string, string]

  constructor(table: TableFile, row: TableRow, section: DocPath, columns: readonly [string, string]) {
    this.key = cellValue(table, row, columns[0], 0) as string
    this.value = cellValue(table, row, columns[1], 1)
    this.#table = table
    this.#row = row
    this.#section = section
    this.#columns = columns
  }

  get path(): DocPath {
    return [...this.#section, String(this.key)]
  }

  get keySpot(): Spot {
    return cellSpot(this.path, this.#table, this.#row, this.#columns[0], 0)
  }

  get valueSpot(): Spot {
    return cellSpot(this.path, this.#table, this.#row, this.#columns[1], 1)
  }
}

/** The place of a row's cell, or of the key of its JSON value. */
function cellSpot(path: DocPath, table: TableFile, row: TableRow, column: string, position: number): Spot {
  if (row.cells.length === 0)
    return { kind: 'cell', path, table, row, part: Array.isArray(row.value) ? [position] : [column] }
  return { kind: 'cell', path, table, row, part: [cellOf(table, column, position)] }
}
