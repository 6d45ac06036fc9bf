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
  const rows: TableRow[] = []
  const problems: Diagnostic[] = []
  let columns: readonly string[] | null = null
  let width = -1
  let widthLine = 0
  let lineNumber = 0

  for (let start = 0; start < text.length && problems.length < maxTableProblems; ) {
    lineNumber++
    const feed = text.indexOf('\n', start)
    const next = feed < 0 ? text.length + 1 : feed + 1
    let end = next - 1
    if (end > start && text.charCodeAt(end - 1) === 13) end--
    const line = text.slice(start, end)
    start = next
    if (line === '' || line.charCodeAt(0) === 35) continue

    const found = split(line)
    const complain = (code: string, column: number, length: number, message: string, hint: string | null = null) => {
      const position = { file, line: lineNumber, column, endColumn: column + Math.max(1, length) }
      problems.push(problem(code, position, message, { hint }))
    }
    if ('error' in found) {
      complain(loadCodes.tableQuote, found.at + 1, found.length, found.error)
      continue
    }
    const { cells, starts } = found
    if (width < 0) {
      width = cells.length
      widthLine = lineNumber
    } else if (cells.length !== width) {
      const extra = cells.length > width
      const at = extra ? starts[width]! : starts.at(-1)!
      const length = extra ? line.length + 1 - at : cells.at(-1)!.length
      complain(
        loadCodes.tableColumns,
        at,
        length,
        `expected ${width} ${width === 1 ? 'cell' : 'cells'} as in line ${widthLine}, got ${cells.length}`,
      )
      continue
    }
    const blank = blankEdge(cells)
    if (blank !== null && line.charCodeAt(starts[blank]! - 2) !== 34) {
      const hint =
        split === splitAtTabs
          ? 'cells are separated by one tab, and by nothing else'
          : 'put it in quotes if it is meant'
      complain(loadCodes.tableBlank, starts[blank]!, cells[blank]!.length, 'a cell begins or ends with a space', hint)
      continue
    }
    if (header && columns === null) {
      columns = cells
      const bad = cells.findIndex((name, i) => name === '' || cells.indexOf(name) !== i)
      if (bad >= 0) {
        const message = cells[bad] === '' ? 'a column has no name' : `the column "${cells[bad]}" is named twice`
        complain(loadCodes.tableHeader, starts[bad]!, cells[bad]!.length, message)
      }
      continue
    }
    rows.push({ line: lineNumber, cells, starts, value: undefined })
  }
  if (header && columns === null && problems.length === 0) {
    problems.push(
      problem(
        loadCodes.tableHeader,
        source.position(0, 1),
        'expected a first line with the names of the columns, got nothing',
      ),
    )
  }
  return { table: problems.length > 0 ? null : new TableFile(file, columns, rows), problems }
}

function blankEdge(cells: readonly string[]): number | null {
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i]!
    if (cell === '') continue
    if (isBlank(cell.charCodeAt(0)) || isBlank(cell.charCodeAt(cell.length - 1))) return i
  }
  return null
}

/** Space, tab, a lone carriage return, and the no-break space that comes with a paste from a web page. */
const isBlank = (code: number) => code === 32 || code === 9 || code === 13 || code === 160
