import { type Positions, pathText } from '../../src/config/positions.ts'
import { TableFile, type TableRow } from '../../src/config/source.ts'
import { validate } from '../../src/config/validate.ts'

/** 2026-06-01, the day of these tests. */
export const now = Date.UTC(2026, 5, 1)

/** Places that tell what was asked for: a file named `key` or `value` and the path. */
const positions: Positions = {
  key: (path) => ({ file: `key of ${pathText(path)}`, line: 1, column: 1, endColumn: 2 }),
  value: (path) => ({ file: pathText(path), line: 1, column: 1, endColumn: 2 }),
}

/** The smallest document that is right. */
export const base = {
  hostname: 'gw.corp.example',
  postmaster: 'postmaster@corp.example',
  listeners: { lan: { kind: 'internal', bind: '127.0.0.1:2525' } },
  domains: { 'corp.example': 'local' },
}

export const validated = (value: unknown) => validate({ file: 'd', value, positions, files: [] }, { now })

/** What is said about `base` with these sections in place of its own: `CODE place`, or `warning CODE place`. */
export function problems(sections: Record<string, unknown>): string[] {
  return validated({ ...base, ...sections }).diagnostics.map(({ code, severity, position }) => {
    const place =
      position === null ? '-' : position.file === 't.tsv' ? `t.tsv:${position.line}:${position.column}` : position.file
    return `${severity === 'warning' ? 'warning ' : ''}${code} ${place}`
  })
}

/** The document of `base` with these sections; throws with what is wrong. */
export function documentOf(sections: Record<string, unknown>) {
  const { document, diagnostics } = validated({ ...base, ...sections })
  if (document === null) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  return document
}

/** A table of tab-separated lines. */
export function tsv(text: string, columns: readonly string[] | null = null): TableFile {
  const rows = text.split('\n').map((line, i): TableRow => {
    const cells = line.split('\t')
    const starts = cells.map((_, n) => cells.slice(0, n).join('\t').length + (n > 0 ? 2 : 1))
    return { line: i + 1, cells, starts, value: undefined }
  })
  return new TableFile('t.tsv', columns, rows)
}
