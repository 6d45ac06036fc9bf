import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ConfigError, type Diagnostic } from '../../../src/config/diagnostic.ts'
import { type LoadOptions, loadSource } from '../../../src/config/load-source.ts'
import type { DocPath, Position } from '../../../src/config/positions.ts'
import { tempFolder } from '../../support/peer.ts'

/** A folder with these files, for the running test. */
export function written(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = tempFolder()
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

/** Loads one file of a folder; the first file is the document. */
export const loaded = (files: Readonly<Record<string, string | Buffer>>, options: Partial<LoadOptions> = {}) =>
  loadSource(join(written(files), Object.keys(files)[0]!), { env: null, ...options })

/** The diagnostics with which something is refused; fails when it is not. */
export async function refusal(action: Promise<unknown>): Promise<readonly Diagnostic[]> {
  try {
    await action
  } catch (error) {
    if (error instanceof ConfigError) return error.diagnostics
    throw error
  }
  throw new Error('expected a refusal, got a document')
}

/** `CODE file:line:column text-at-that-place` of each diagnostic. */
export async function issues(
  files: Readonly<Record<string, string | Buffer>>,
  options: Partial<LoadOptions> = {},
): Promise<string[]> {
  const diagnostics = await refusal(loaded(files, options))
  return diagnostics.map(({ code, position }) => {
    if (position === null) return code
    const name = Object.keys(files).find((file) => position.file.endsWith(`/${file}`)) ?? position.file
    return `${code} ${name}:${position.line}:${position.column} ${textAt(position)}`
  })
}

/** What stands in the file between the columns of a position. */
export function textAt({ file, line, column, endColumn }: Position): string {
  const text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
  return (text.split('\n')[line - 1] ?? '').slice(column - 1, endColumn - 1)
}

/** All paths of a value, the value's own first. */
export function* pathsOf(value: unknown, path: DocPath = []): Generator<{ path: DocPath; value: unknown }> {
  yield { path, value }
  if (Array.isArray(value)) for (const [i, item] of value.entries()) yield* pathsOf(item, [...path, i])
  else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) yield* pathsOf(item, [...path, key])
  }
}
