import { ConfigError, type Diagnostic } from './diagnostic.ts'
import type { Document } from './document.ts'
import { isError } from './load-problem.ts'
import { type LoadOptions, loadSource } from './load-source.ts'
import type { Position } from './positions.ts'
import { findDocument } from './search.ts'
import { validate } from './validate.ts'

export type Loaded = {
  readonly document: Document
  /** The document's file, absolute; every command prints it. */
  readonly file: string
  /** All files that were read, absolute. */
  readonly files: readonly string[]
  readonly warnings: readonly Diagnostic[]
  /** Where the element `at` was written; `null` for what comes from a default. */
  positionOf(at: string): Position | null
}

export type DocumentRequest = {
  readonly cwd: string
  /** `--config FILE`; without it the document is searched for. */
  readonly file?: string | null
  readonly env?: string | null
  readonly allowEnv?: LoadOptions['allowEnv']
}

/** From the folder where a command was started to a document with a meaning. Throws `ConfigError` with all problems. */
export async function loadDocument({ cwd, file, env, allowEnv }: DocumentRequest): Promise<Loaded> {
  const found = await findDocument({ cwd, file: file ?? null })
  const source = await loadSource(found, { env: env ?? null, allowEnv: allowEnv ?? [] })
  const { document, diagnostics, places } = validate(source)
  const all = [...source.warnings, ...diagnostics]
  if (document === null || all.some(isError)) throw new ConfigError(all)
  return {
    document,
    file: source.file,
    files: source.files,
    warnings: all,
    positionOf: (at) => places.get(at) ?? null,
  }
}
