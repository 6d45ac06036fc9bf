import { extname } from 'node:path'
import { loadCodes } from './load-codes.ts'
import { problem } from './load-problem.ts'
import type { Text } from './load-text.ts'
import { readCells, splitAtCommas, splitAtTabs } from './table-cells.ts'
import { readJsonLines, readJsonTable } from './table-json.ts'
import type { TableReading } from './table-reading.ts'

export const tableKinds = ['.tsv', '.csv', '.json', '.ndjson'] as const

/** Reads a table by the ending of its name. `header`: the first record of TSV or CSV names the columns. */
export function readTable(text: Text, header: boolean): TableReading {
  const kind = extname(text.file).toLowerCase()
  switch (kind) {
    case '.tsv':
      return readCells(text, splitAtTabs, header)
    case '.csv':
      return readCells(text, splitAtCommas, header)
    case '.json':
      return readJsonTable(text)
    case '.ndjson':
      return readJsonLines(text)
    default: {
      const message = `expected a table ending in ${tableKinds.join(', ')}, got ${kind === '' ? 'no ending' : kind}`
      return { table: null, problems: [problem(loadCodes.tableKind, text.position(0, 1), message)] }
    }
  }
}
