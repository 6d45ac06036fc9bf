import type { Diagnostic } from './diagnostic.ts'
import { loadCodes } from './load-codes.ts'
import { problem } from './load-problem.ts'
import type { Text } from './load-text.ts'
import { TableFile, type TableRow } from './source.ts'
import { maxTableProblems, type TableReading } from './table-reading.ts'

/**
 * The cells of one line and the column (from 1) where the text of each begins, or what is wrong with the line.
 * Neither format lets a cell go over a line end: a host or a pattern has none, and so a lost quote spoils one line only.
 */
export type Split = (
  line: string,
) =>
  | { readonly cells: string[]; readonly starts: number[] }
  | { readonly at: number; readonly length: number; readonly error: string }

/** TSV has no quotes: a tab ends a cell, whatever stands before it. */
export const splitAtTabs: Split = (line) => {
  const cells: string[] = []
  const starts: number[] = []
  let from = 0
  for (let at = line.indexOf('\t'); at >= 0; at = line.indexOf('\t', from)) {
    cells.push(line.slice(from, at))
    starts.push(from + 1)
    from = at + 1
  }
  cells.push(line.slice(from))
  starts.push(from + 1)
  return { cells, starts }
}

/** CSV by RFC 4180: a cell in double quotes may hold commas, and quotes written twice. */
export const splitAtCommas: Split = (line) => {
  const cells: string[] = []
  const starts: number[] = []
  let at = 0
  for (;;) {
    if (line.charCodeAt(at) === 34) {
      const open = at
      let close = line.indexOf('"', open + 1)
      while (close >= 0 && line.charCodeAt(close + 1) === 34) close = line.indexOf('"', close + 2)
      if (close < 0) return { at: open, length: 1, error: 'this quote is not closed on its line' }
      cells.push(line.slice(open + 1, close).replaceAll('""', '"'))
      starts.push(open + 2)
      at = close + 1
      if (at < line.length && line.charCodeAt(at) !== 44) {
        return {
          at,
          length: 1,
          error: 'expected a comma after the closing quote (a quote inside of a cell is written twice)',
        }
      }
    } else {
      const comma = line.indexOf(',', at)
      const end = comma < 0 ? line.length : comma
      const cell = line.slice(at, end)
      const quote = cell.indexOf('"')
      if (quote >= 0) {
        return { at: at + quote, length: 1, error: 'a quote in the middle of a cell: put the whole cell in quotes' }
      }
      cells.push(cell)
      starts.push(at + 1)
      at = end
    }
    if (at >= line.length) return { cells, starts }
    at++
  }
}

/** A record a line. Empty lines, and lines that begin with `#`, are not records. */
export function readCells(source: Text, split: Split, header: boolean): TableReading {
  const { text, file } = source
  const hint = split === splitAtTabs ? 'cells are separated by one tab' : 'cells are separated by a comma'
  const rows: TableRow[] = []
  const problems: Diagnostic[] = []
  let columns: readonly string[] | null = null
  let first: TableRow | null = null

  let number = 0
  for (let start = 0; start < text.length && problems.length < maxTableProblems; ) {
    number++
    const feed = text.indexOf('\n', start)
    const next = feed < 0 ? text.length + 1 : feed + 1
    let end = next - 1
    if (end > start && text.charCodeAt(end - 1) === 13) end--
    const line = text.slice(start, end)
    start = next
    if (line === '' || line.charCodeAt(0) === 35) continue

    const found = split(line)
    const row: TableRow =
      'error' in found ? unsplit : { line: number, cells: found.cells, starts: found.starts, value: undefined }
    first ??= row === unsplit ? null : row
    const wrong =
      'error' in found ? quoteProblem(found) : (widthProblem(row, first!, line, hint) ?? blankProblem(row, line, hint))
    if (wrong !== null) {
      const position = { file, line: number, column: wrong.column, endColumn: wrong.column + Math.max(1, wrong.length) }
      problems.push(problem(wrong.code, position, wrong.message, { hint: wrong.hint }))
    } else if (header && columns === null) {
      columns = row.cells
      problems.push(...headerProblems(file, row))
    } else {
      rows.push(row)
    }
  }
  if (header && columns === null && problems.length === 0) {
    const message = 'expected a first line with the names of the columns, got nothing'
    problems.push(problem(loadCodes.tableHeader, source.position(0, 1), message))
  }
  return { table: problems.length > 0 ? null : new TableFile(file, columns, rows), problems }
}

/** Stands for a line that has no cells. */
const unsplit: TableRow = { line: 0, cells: [], starts: [], value: undefined }

type Wrong = {
  readonly code: string
  readonly column: number
  readonly length: number
  readonly message: string
  readonly hint: string | null
}

const quoteProblem = ({ at, length, error }: { at: number; length: number; error: string }): Wrong => ({
  code: loadCodes.tableQuote,
  column: at + 1,
  length,
  message: error,
  hint: null,
})

/** Points at the first cell that is too many, or at the last one before those that are missing. */
function widthProblem({ cells, starts }: TableRow, first: TableRow, line: string, hint: string): Wrong | null {
  const width = first.cells.length
  if (cells.length === width) return null
  const message = `expected ${width} ${width === 1 ? 'cell' : 'cells'} as in line ${first.line}, got ${cells.length}`
  const column = cells.length > width ? starts[width]! : starts.at(-1)!
  return {
    code: loadCodes.tableColumns,
    column,
    length: line.length + 1 - column,
    message,
    hint: cells.length < width ? hint : null,
  }
}

/** A space at the edge of a cell cannot be seen, and is part of the cell. In quotes it is meant. */
function blankProblem({ cells, starts }: TableRow, line: string, hint: string): Wrong | null {
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i]!
    if (cell === '') continue
    const atStart = isBlank(cell.charCodeAt(0))
    if ((!atStart && !isBlank(cell.charCodeAt(cell.length - 1))) || line.charCodeAt(starts[i]! - 2) === 34) continue
    const column = starts[i]! + (atStart ? 0 : cell.length - 1)
    const message = `the cell ${JSON.stringify(cell)} ${atStart ? 'begins' : 'ends'} with a space`
    return { code: loadCodes.tableBlank, column, length: 1, message, hint }
  }
  return null
}

/** Space, tab, a lone carriage return, and the no-break space that comes with a paste from a web page. */
const isBlank = (code: number): boolean => code === 32 || code === 9 || code === 13 || code === 160

function headerProblems(file: string, { line, cells, starts }: TableRow): Diagnostic[] {
  return cells.flatMap((name, i) => {
    if (name !== '' && cells.indexOf(name) === i) return []
    const position = { file, line, column: starts[i]!, endColumn: starts[i]! + Math.max(1, name.length) }
    return [
      problem(
        loadCodes.tableHeader,
        position,
        name === '' ? 'a column has no name' : `the column "${name}" is named twice`,
      ),
    ]
  })
}
