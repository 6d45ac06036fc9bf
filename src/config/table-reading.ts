import type { Diagnostic } from './diagnostic.ts'
import type { TableFile } from './source.ts'

export type TableReading = { readonly table: TableFile | null; readonly problems: readonly Diagnostic[] }

/** More of one kind help nobody: the file was written by a program, or is of another format than its name says. */
export const maxTableProblems = 20
