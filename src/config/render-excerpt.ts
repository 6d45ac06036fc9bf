import { readFileSync } from 'node:fs'
import type { Position } from './positions.ts'
import { printable } from './render-text.ts'

export type Excerpt = { readonly line: string; readonly caretAt: number; readonly caretLength: number }

/** Gives a file's lines, or `null` when it cannot be read any more. */
export type LinesOf = (file: string) => readonly string[] | null

/** Reads each file once. */
export function linesFromDisk(): LinesOf {
  const known = new Map<string, readonly string[] | null>()
  return (file) => {
    if (!known.has(file)) known.set(file, read(file))
    return known.get(file)!
  }
}

function read(file: string): readonly string[] | null {
  try {
    return readFileSync(file, 'utf8')
      .replace(/^\uFEFF/, '')
      .split('\n')
  } catch {
    return null
  }
}

/** Source lines longer than this are cut around the caret. */
const window = 100

/** The line that a position is in, with the place of the caret; `null` when there is nothing to show. */
export function excerptOf(position: Position, linesOf: LinesOf): Excerpt | null {
  const source = linesOf(position.file)?.[position.line - 1]?.replace(/\r$/, '')
  if (source === undefined || source.trim() === '') return null
  const { text, columns } = printable(source)
  const last = columns.length - 1
  const from = columns[Math.min(position.column - 1, last)]!
  const to = columns[Math.min(Math.max(position.endColumn - 1, position.column), last)]!
  const length = Math.max(1, to - from)
  if (text.length <= window) return { line: text, caretAt: from, caretLength: length }
  return cut(text, from, length)
}

/** Cuts by characters; in a long line with wide characters the caret may stand a little off, which beats a broken screen. */
function cut(text: string, from: number, length: number): Excerpt {
  const start = Math.max(0, Math.min(from - 30, text.length - window))
  const head = start > 0 ? '...' : ''
  const tail = start + window < text.length ? '...' : ''
  const line = `${head}${text.slice(start, start + window)}${tail}`
  const caretAt = from - start + head.length
  return { line, caretAt, caretLength: Math.max(1, Math.min(length, line.length - caretAt)) }
}
