import type { DocPath, Position, Positions } from './positions.ts'

/**
 * A document as written, surface gone, meaning not yet looked at: plain data (objects, arrays, strings, numbers,
 * booleans, null) with the place of each part. `include`, `$env` and `$table` are already resolved.
 * Builders of the TypeScript surface give the same plain data that YAML and JSON spell out:
 *   via('x') {relay:'x'}  host('h',26) {host:'h:26'}  mx({tls}) {mx:{tls}}  deliver({dir}) {deliver:{dir}|true}
 *   reject(550,'text') {reject:{code,text}}  hold('why') {hold:'why'}  discard() {discard:true}
 *   env.secret('N') {$secret:'env:N'}  file.secret('/p') {$secret:'file:/p'}  exec.secret(['p','a']) {$secret:'exec:["p","a"]'}
 *   byEnv({prod, default}) {$env:{...}}  table('f.tsv') {$table:'f.tsv'}  table('f.csv',{header:true}) {$table:'f.csv',header:true}
 *   unsafeOpenRelay({reason,until}) {unsafeOpenRelay:{...}}
 */
export type Source = {
  /** The file that was found or named, absolute. */
  readonly file: string
  readonly value: unknown
  readonly positions: Positions
  /** Every file that was read, absolute, for a watcher and for the plan. */
  readonly files: readonly string[]
}

/** What stands in `value` where the document said `{ $table: file }`. A class, so that validation can tell it from data. */
export class TableFile {
  readonly file: string
  /** The header line's names when the reference said `header: true`, otherwise `null`. Lines that begin with `#` are comments. */
  readonly columns: readonly string[] | null
  readonly rows: readonly TableRow[]
  readonly #inside: ((row: TableRow, path: DocPath) => Position | null) | null

  /** @param inside finds a part of a row that is a JSON value */
  constructor(
    file: string,
    columns: readonly string[] | null,
    rows: readonly TableRow[],
    inside: ((row: TableRow, path: DocPath) => Position | null) | null = null,
  ) {
    this.file = file
    this.columns = columns
    this.rows = rows
    this.#inside = inside
  }

  /** Where a row is (`[]`), its cell (`[1]`), or a part of its JSON value (`['target', 'relay']`). */
  positionOf(row: TableRow, path: DocPath): Position {
    const found = this.#inside?.(row, path)
    if (found) return found
    const [cell] = path
    const index = typeof cell === 'number' ? cell : 0
    const column = row.starts[index] ?? row.starts[0] ?? 1
    const text = row.cells[index] ?? row.cells[0] ?? ''
    return { file: this.file, line: row.line, column, endColumn: column + Math.max(1, text.length) }
  }
}

/**
 * One record. TSV and CSV: `cells` and the 1-based column where each begins; `value` is `undefined`.
 * JSON and NDJSON: `value`; no cells; `starts` holds the column of the value. `line` counts from 1.
 */
export type TableRow = {
  readonly line: number
  readonly cells: readonly string[]
  readonly starts: readonly number[]
  readonly value: unknown
}
