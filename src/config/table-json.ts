import type { Diagnostic } from './diagnostic.ts'
import { readJson } from './json.ts'
import { loadCodes } from './load-codes.ts'
import { type Node, placeOf, plainValue, positionsOf } from './load-node.ts'
import { problem } from './load-problem.ts'
import type { Text } from './load-text.ts'
import type { DocPath, Position } from './positions.ts'
import { TableFile, type TableRow } from './source.ts'
import { maxTableProblems, type TableReading } from './table-reading.ts'

/** One JSON text: a list, each of its values a row. */
export function readJsonTable(text: Text): TableReading {
  const { node, problems } = readJson(text)
  if (node === null || problems.length > 0) return { table: null, problems: problems.slice(0, maxTableProblems) }
  if (node.kind !== 'list') {
    const message = 'expected a list of rows, as in [["example.com", "bart"]]'
    return { table: null, problems: [problem(loadCodes.tableRows, placeOf(node), message)] }
  }
  return { table: tableOf(text.file, node.items), problems: [] }
}

/** One JSON value a line; empty lines are skipped. */
export function readJsonLines(text: Text): TableReading {
  const problems: Diagnostic[] = []
  const rows: Node[] = []
  for (let start = 0; start < text.text.length && problems.length < maxTableProblems; ) {
    const feed = text.text.indexOf('\n', start)
    const end = feed < 0 ? text.text.length : feed
    if (text.text.slice(start, end).trim() !== '') {
      const reading = readJson(text, start, end)
      problems.push(...reading.problems)
      if (reading.node !== null) rows.push(reading.node)
    }
    start = end + 1
  }
  return { table: problems.length > 0 ? null : tableOf(text.file, rows), problems }
}

function tableOf(file: string, nodes: readonly Node[]): TableFile {
  const nodeOf = new Map<TableRow, Node>()
  const rows = nodes.map((node): TableRow => {
    const { line, column } = placeOf(node)!
    const row = { line, cells: [], starts: [column], value: plainValue(node) }
    nodeOf.set(row, node)
    return row
  })
  const inside = (row: TableRow, path: DocPath): Position | null => {
    const node = nodeOf.get(row)
    return node === undefined ? null : positionsOf(node).value(path)
  }
  return new TableFile(file, null, rows, inside)
}
