import type { Diagnostic } from './diagnostic.ts'
import type { Position } from './positions.ts'
import { fileName } from './render-terminal.ts'

/** The shape of `--json`: stable, only ever added to. */
export type JsonDiagnostics = {
  readonly errors: number
  readonly warnings: number
  readonly diagnostics: readonly {
    readonly code: string
    readonly severity: 'error' | 'warning'
    readonly message: string
    readonly path: string
    readonly position: Position | null
    readonly related: readonly { readonly message: string; readonly position: Position }[]
    readonly hint: string | null
  }[]
}

/** Files are named relative to `cwd`, as on the terminal. */
export function jsonDiagnostics(diagnostics: readonly Diagnostic[], cwd: string): JsonDiagnostics {
  const place = ({ file, line, column, endColumn }: Position): Position => ({
    file: fileName(file, cwd),
    line,
    column,
    endColumn,
  })
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length
  return {
    errors,
    warnings: diagnostics.length - errors,
    diagnostics: diagnostics.map(({ code, severity, message, path, position, related, hint }) => ({
      code,
      severity,
      message,
      path,
      position: position === null ? null : place(position),
      related: related.map((part) => ({ message: part.message, position: place(part.position) })),
      hint,
    })),
  }
}

export const renderJson = (diagnostics: readonly Diagnostic[], { cwd }: { readonly cwd: string }): string =>
  `${JSON.stringify(jsonDiagnostics(diagnostics, cwd), null, 2)}\n`
