import type { Position } from './positions.ts'

/** One thing wrong with a document. `code` is stable for ever (`MG1203`); `message` says where, what was wanted, what came. */
export type Diagnostic = {
  readonly code: string
  readonly severity: 'error' | 'warning'
  readonly message: string
  /** Path text in the document, or `''` for a whole file. */
  readonly path: string
  readonly position: Position | null
  /** Another place that matters, such as the first of two duplicates. */
  readonly related: readonly { readonly message: string; readonly position: Position }[]
  /** `did you mean "port"?` or another step to take; `null` when there is none. */
  readonly hint: string | null
}

/** Thrown when a document cannot be used; holds every problem found, not the first. */
export class ConfigError extends Error {
  readonly diagnostics: readonly Diagnostic[]
  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((d) => `${d.code}: ${d.message}`).join('\n'))
    this.name = 'ConfigError'
    this.diagnostics = diagnostics
  }
}
