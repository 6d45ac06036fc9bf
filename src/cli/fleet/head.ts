import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ConfigError } from '../../config/diagnostic.ts'
import type { Document } from '../../config/document.ts'
import { renderTerminal } from '../../config/render-terminal.ts'
import { findDocument } from '../../config/search.ts'
import type { Bundle } from '../../graph/bundle.ts'
import { ok, type Result, wrong } from '../../mail/result.ts'
import { compileFile } from '../bundle.ts'
import { documentName } from '../plan/base.ts'
import { looksLikeRevision, repositoryAround, withRevision } from '../plan/git.ts'
import { CommandError, type Invocation, type Terminal, textOption } from '../run.ts'

/** The document that the fleet should serve, as git has it. */
export type Head = {
  readonly document: Document
  /** Of the document at its own place: what the ways to its gateways are relative to. */
  readonly folder: string
  /** In words: `mailgw.config.ts at HEAD`. */
  readonly name: string
  /** `null`: outside of a repository the document counts as it is. */
  readonly commit: string | null
  /** The graph of each environment that was asked for, or why it has none. */
  readonly graphs: ReadonlyMap<string | null, Result<Bundle>>
}

/**
 * Reads the document of a git revision, whatever lies in the folder now, and compiles it for every environment that one of
 * its gateways serves. Throws `CommandError` when there is no such document or it cannot be read.
 */
export async function readHead(options: Invocation['options'], terminal: Terminal): Promise<Head> {
  const file = await findDocument({ cwd: process.cwd(), file: textOption(options, 'config') }).catch((error: Error) =>
    told(error, terminal, process.cwd()),
  )
  const env = textOption(options, 'env')
  const folder = dirname(file)
  const revision = textOption(options, 'revision')
  if (revision === null && (await repositoryAround(folder)) === null) {
    return { folder, name: await documentName(file), commit: null, ...(await read(file, folder, env, terminal)) }
  }
  const wanted = revision ?? 'HEAD'
  if (!looksLikeRevision(wanted))
    throw new CommandError(`--revision: expected the name of a git revision, got "${wanted}"`)
  const path = await documentName(file)
  try {
    return await withRevision(folder, wanted, async ({ commit, root }) => {
      const there = join(root, path)
      if (!existsSync(there)) throw new CommandError(`--revision ${wanted}: there is no ${path} at that revision`)
      return { folder, name: `${path} at ${wanted}`, commit, ...(await read(there, root, env, terminal)) }
    })
  } catch (error) {
    if (error instanceof CommandError) throw new CommandError(error.message.replace(/^--base/, '--revision'))
    throw error
  }
}

async function read(
  file: string,
  cwd: string,
  env: string | null,
  terminal: Terminal,
): Promise<Pick<Head, 'document' | 'graphs'>> {
  const first = await compileFile({ cwd, file, env }).catch((error: Error) => told(error, terminal, cwd))
  const { document } = first.loaded
  const graphs = new Map<string | null, Result<Bundle>>([[env, ok(first.bundle)]])
  for (const { env: own } of document.gateways) {
    if (own === null || graphs.has(own)) continue
    const compiled = await compileFile({ cwd, file, env: own }).then(
      ({ bundle }) => ok(bundle),
      (error: Error) => wrong(`the document has errors in the environment ${own}: ${error.message.split('\n')[0]}`),
    )
    graphs.set(own, compiled)
  }
  return { document, graphs }
}

function told(error: Error, terminal: Terminal, cwd: string): never {
  if (!(error instanceof ConfigError)) throw error
  terminal.err(renderTerminal(error.diagnostics, { cwd, color: terminal.errColor }))
  throw new CommandError('the document has errors')
}
