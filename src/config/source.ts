import type { Positions } from './positions.ts'

/**
 * A document as written, surface gone, meaning not yet looked at: plain data (objects, arrays, strings, numbers,
 * booleans, null) with the place of each part. `include`, `$env` and `$table` are already resolved.
 * Builders of the TypeScript surface give the same plain data that YAML and JSON spell out:
 *   via('x') {relay:'x'}  host('h',26) {host:'h:26'}  mx({tls}) {mx:{tls}}  deliver({dir}) {deliver:{dir}|true}
 *   reject(550,'text') {reject:{code,text}}  hold('why') {hold:'why'}  discard() {discard:true}
 *   env.secret('N') {$secret:'env:N'}  file.secret('/p') {$secret:'file:/p'}  exec.secret(['p','a']) {$secret:'exec:["p","a"]'}
 *   byEnv({prod, default}) {$env:{...}}  table('f.tsv') {$table:'f.tsv'}  unsafeOpenRelay({reason,until}) {unsafeOpenRelay:{...}}
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
  /** Header line's names when the file has one (`#` lines are comments), otherwise `null`. */
  readonly columns: readonly string[] | null
  readonly rows: readonly TableRow[]
  constructor(file: string, columns: readonly string[] | null, rows: readonly TableRow[]) {
    this.file = file
    this.columns = columns
    this.rows = rows
  }
}

/** One record: cells of TSV and CSV, or the JSON value of NDJSON and JSON. `line` from 1; `starts` are 1-based columns. */
export type TableRow = {
  readonly line: number
  readonly cells: readonly string[]
  readonly starts: readonly number[]
  readonly value: unknown
}
