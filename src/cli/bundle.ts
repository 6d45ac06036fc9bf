import { readFile, writeFile } from 'node:fs/promises'
import { dirname, relative } from 'node:path'
import { compile } from '../compile/compile.ts'
import { ConfigError, type Diagnostic } from '../config/diagnostic.ts'
import type { Document } from '../config/document.ts'
import { type Loaded, loadDocument } from '../config/load.ts'
import { renderTerminal } from '../config/render-terminal.ts'
import { type Bundle, makeBundle, readBundle, writeBundle } from '../graph/bundle.ts'
import { sourcesOf } from '../graph/sources.ts'
import { CommandError, type Invocation, type Terminal, textOption } from './run.ts'
import { version } from './version.ts'

/** A document that was found, read and compiled; `warnings` are all that was said of it. */
export type CompiledDocument = {
  readonly loaded: Loaded
  readonly bundle: Bundle
  readonly warnings: readonly Diagnostic[]
}

/** The document that the options name. Throws `ConfigError` with everything that is wrong. */
export const compileDocument = (options: Invocation['options']): Promise<CompiledDocument> =>
  compileFile({ cwd: process.cwd(), file: textOption(options, 'config'), env: textOption(options, 'env') })

export type DocumentFile = {
  readonly cwd: string
  /** `null`: searched for in `cwd` and above. */
  readonly file: string | null
  readonly env: string | null
}

/** Throws `ConfigError` with everything that is wrong. */
export async function compileFile({ cwd, file: named, env }: DocumentFile): Promise<CompiledDocument> {
  const loaded = await loadDocument({ cwd, file: named, env })
  const { document, file, positionOf } = loaded
  const { graph, diagnostics } = compile(document, positionOf)
  const warnings = [...loaded.warnings, ...diagnostics]
  if (warnings.some(({ severity }) => severity === 'error')) throw new ConfigError(warnings)
  const folder = dirname(file)
  const sources = sourcesOf(graph, (at) => {
    const position = positionOf(at)
    return position === null ? null : { ...position, file: relative(folder, position.file) }
  })
  const meta = {
    compiler: version,
    document: relative(folder, file),
    holds: holdsText(document),
    ...(env === null ? {} : { env }),
  }
  return { loaded, bundle: makeBundle(graph, sources, meta), warnings }
}

/** The bundle that the options name, of a graph file or of a document. Problems are printed for a person. */
export async function bundleOf(options: Invocation['options'], terminal: Terminal): Promise<Bundle> {
  const file = textOption(options, 'graph')
  if (file === null) return (await reportedDocument(options, terminal)).bundle
  if (textOption(options, 'config') !== null) throw new CommandError('give --config or --graph, not both')
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new CommandError(`the graph cannot be read: ${error.message}`)
  })
  const read = readBundle(text)
  if (!read.ok) throw new CommandError(`${file}: ${read.error}`)
  return read.value
}

/** Says which document it is and prints what is wrong with it on standard error; ends the command when that is an error. */
export async function reportedDocument(options: Invocation['options'], terminal: Terminal): Promise<CompiledDocument> {
  const render = (diagnostics: readonly Diagnostic[]) =>
    terminal.err(renderTerminal(diagnostics, { cwd: process.cwd(), color: terminal.errColor }))
  try {
    const compiled = await compileDocument(options)
    terminal.err(`document ${relative('.', compiled.loaded.file)}\n`)
    render(compiled.warnings)
    return compiled
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    render(error.diagnostics)
    throw new CommandError('the document has errors')
  }
}

export async function writeBundleFile(bundle: Bundle, file: string): Promise<void> {
  await writeFile(file, writeBundle(bundle), { mode: 0o600 }).catch((error: Error) => {
    throw new CommandError(`the graph cannot be written: ${error.message}`)
  })
}

/** How much there is of each section, such as `1 listener, 2 domains, 3 routes`. Empty sections are left out. */
export function holdsText({ listeners, domains, localMx, relays, clients, deny, dnsbl, aliases }: Document): string {
  const sections = [
    [listeners, 'listener', 'listeners'],
    [domains, 'domain', 'domains'],
    [localMx, 'route', 'routes'],
    [relays, 'relay', 'relays'],
    [clients, 'client', 'clients'],
    [deny, 'deny rule', 'deny rules'],
    [dnsbl, 'DNS list', 'DNS lists'],
    [aliases, 'alias', 'aliases'],
  ] as const
  return sections
    .filter(([list]) => list.length > 0)
    .map(([list, one, several]) => `${list.length} ${list.length === 1 ? one : several}`)
    .join(', ')
}
