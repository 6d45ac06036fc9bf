import { relative } from 'node:path'
import picocolors from 'picocolors'
import type { Diagnostic } from './diagnostic.ts'
import type { Position } from './positions.ts'
import { excerptOf, type LinesOf, linesFromDisk } from './render-excerpt.ts'
import { visible } from './render-text.ts'

export type TerminalOptions = {
  /** Files are named relative to this folder. */
  readonly cwd: string
  /** Whether to colour; by default as the terminal, `NO_COLOR` and `FORCE_COLOR` say. */
  readonly color?: boolean
  readonly linesOf?: LinesOf
}

/** The diagnostics for a person: a paragraph each with the source line, and their number at the end. Ends with a line end. */
export function renderTerminal(
  diagnostics: readonly Diagnostic[],
  { cwd, color, linesOf = linesFromDisk() }: TerminalOptions,
): string {
  const paint = picocolors.createColors(color ?? picocolors.isColorSupported)
  const blocks = diagnostics.map((diagnostic) => {
    const isError = diagnostic.severity === 'error'
    const strong = isError ? paint.red : paint.yellow
    const label = paint.bold(strong(`${diagnostic.severity} ${diagnostic.code}`))
    const lines = [`${label}${paint.bold(`: ${visible(diagnostic.message)}`)}`]
    const tail = diagnostic.hint === null ? '' : visible(diagnostic.hint)
    if (diagnostic.position === null) {
      if (tail !== '') lines.push(`  ${paint.cyan(tail)}`)
    } else {
      lines.push(...place(diagnostic.position, '^', strong, tail))
    }
    for (const { message, position } of diagnostic.related) {
      lines.push(...place(position, '-', paint.blue, visible(message)))
    }
    return lines.join('\n')
  })
  return diagnostics.length === 0 ? '' : `${blocks.join('\n\n')}\n\n${summary(diagnostics)}\n`

  function place(position: Position, caret: string, strong: (text: string) => string, tail: string): string[] {
    const { line, column } = position
    const number = String(line).padStart(4)
    const bar = paint.dim('|')
    const lines = [`  ${paint.dim('-->')} ${visible(fileName(position.file, cwd))}:${line}:${column}`]
    const excerpt = excerptOf(position, linesOf)
    if (excerpt === null) return tail === '' ? lines : [...lines, `       ${paint.cyan(tail)}`]
    const marker = strong(caret.repeat(excerpt.caretLength))
    const remark = tail === '' ? '' : ` ${paint.cyan(tail)}`
    lines.push(`${paint.dim(number)} ${bar} ${excerpt.line}`)
    lines.push(`     ${bar} ${' '.repeat(excerpt.caretAt)}${marker}${remark}`)
    return lines
  }
}

/** Relative below `cwd`; a way with many `..` helps nobody. */
export function fileName(file: string, cwd: string): string {
  const way = relative(cwd, file)
  return way === '' || way.startsWith('../../') ? file : way
}

function summary(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length
  const warnings = diagnostics.length - errors
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`
  return [errors > 0 ? count(errors, 'error') : '', warnings > 0 ? count(warnings, 'warning') : '']
    .filter(Boolean)
    .join(', ')
}
