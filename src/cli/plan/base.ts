import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { ConfigError } from '../../config/diagnostic.ts'
import { renderTerminal } from '../../config/render-terminal.ts'
import { type Bundle, readBundle } from '../../graph/bundle.ts'
import { askForJson } from '../admin-client.ts'
import { compileFile } from '../bundle.ts'
import { CommandError, type Terminal } from '../run.ts'
import { repositoryAround, withRevision } from './git.ts'

/** One of the two graphs of a plan, and where it comes from. */
export type Side = {
  readonly kind: 'running' | 'graph' | 'document' | 'revision'
  /** As a person would name it: `HEAD~1`, `running`, `old.mgw`. */
  readonly name: string
  readonly commit: string | null
  /** The document, relative to the repository's root where there is one; `null` when only the graph is known. */
  readonly document: string | null
  readonly bundle: Bundle
  /** A line of a source file as the bundle names it; `null` where the sources are not at hand. */
  lineOf(file: string, line: number): string | null
}

export type BaseRequest = {
  /** As given to `--base`; `null`: the running gateway, which has to be there. */
  readonly base: string | null
  readonly socket: string
  /** The document that is planned; a revision is asked for the same one. `null` when a graph is planned. */
  readonly document: string | null
  readonly env: string | null
}

/** The revision has no such document: in a pull request that brings the first one there is nothing to compare with. */
export class NoBaseDocument extends CommandError {}

/** Finds the base and gives it to `use`; a revision's files are there as long as that runs. */
export async function withBase<Value>(
  request: BaseRequest,
  terminal: Terminal,
  use: (base: Side) => Promise<Value>,
): Promise<Value> {
  const { base, socket } = request
  if (base === 'running') return use(await runningSide(socket))
  if (base === null) {
    if (existsSync(socket)) return use(await runningSide(socket))
    throw new CommandError(
      `no gateway runs at ${socket}: say what to compare with, such as --base HEAD~1, --base main, --base old.mgw or another document`,
    )
  }
  const isRevision = base.startsWith('git:')
  if (!isRevision && existsSync(base)) return use(await fileSide(base, request, terminal))
  if (!isRevision && /\.(?:mgw|m?ts|ya?ml|json)$/.test(base)) throw new CommandError(`--base: there is no file ${base}`)
  return revisionSide(isRevision ? base.slice(4) : base, request, terminal, use)
}

async function runningSide(socket: string): Promise<Side> {
  const { bundle: file } = (await askForJson(socket, 'GET', '/graph')) as { bundle: string }
  return { ...(await graphSide(file)), kind: 'running', name: 'running' }
}

export async function graphSide(file: string): Promise<Side> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new CommandError(`the graph cannot be read: ${error.message}`)
  })
  const read = readBundle(text)
  if (!read.ok) throw new CommandError(`${file}: ${read.error}`)
  return { kind: 'graph', name: file, commit: null, document: null, bundle: read.value, lineOf: () => null }
}

async function fileSide(base: string, { env }: BaseRequest, terminal: Terminal): Promise<Side> {
  if (base.endsWith('.mgw')) return graphSide(base)
  const bundle = await baseBundle({ cwd: process.cwd(), file: base, env }, base, terminal)
  return {
    kind: 'document',
    name: base,
    commit: null,
    document: await documentName(resolve(base)),
    bundle,
    lineOf: linesBeside(resolve(base)),
  }
}

/** `REV`: the planned document at that revision; `REV:PATH`: another one, named from the repository's root. */
async function revisionSide<Value>(
  named: string,
  { document, env }: BaseRequest,
  terminal: Terminal,
  use: (base: Side) => Promise<Value>,
): Promise<Value> {
  const colon = named.indexOf(':')
  const revision = colon < 0 ? named : named.slice(0, colon)
  const folder = document === null ? process.cwd() : dirname(document)
  return withRevision(folder, revision, async ({ commit, root }) => {
    const path = colon < 0 ? document && (await documentName(document)) : named.slice(colon + 1)
    if (path === null) throw new CommandError('--base: a graph is in no git revision; name a document as REVISION:PATH')
    const file = join(root, path)
    if (relative(root, file).startsWith('..')) throw new CommandError(`--base: ${path} leads out of the repository`)
    if (!existsSync(file)) throw new NoBaseDocument(`--base ${revision}: there is no ${path} at that revision`)
    const bundle = await baseBundle({ cwd: root, file, env }, `${path} at ${revision}`, terminal)
    return use({ kind: 'revision', name: revision, commit, document: path, bundle, lineOf: linesBeside(file) })
  })
}

async function baseBundle(file: Parameters<typeof compileFile>[0], name: string, terminal: Terminal): Promise<Bundle> {
  try {
    return (await compileFile(file)).bundle
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    terminal.err(renderTerminal(error.diagnostics, { cwd: file.cwd, color: terminal.errColor }))
    throw new CommandError(`the base has errors: ${name}`)
  }
}

/** Relative to the repository that holds it, else to where the command was started. */
export async function documentName(document: string): Promise<string> {
  const around = await repositoryAround(dirname(document))
  const name = document.slice(dirname(document).length + 1)
  if (around !== null) return around.within === '' ? name : `${around.within}/${name}`
  return relative(process.cwd(), document)
}

/** Lines of the files beside a document, read once each and only when asked for. */
export function linesBeside(document: string): Side['lineOf'] {
  const folder = dirname(document)
  const files = new Map<string, readonly string[] | null>()
  return (file, line) => {
    let lines = files.get(file)
    if (lines === undefined) {
      lines = existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8').split(/\r?\n/) : null
      files.set(file, lines)
    }
    return lines?.[line - 1] ?? null
  }
}
