import { readFile } from 'node:fs/promises'
import { basename, relative } from 'node:path'
import type { OverlayView } from '../../admin/operations.ts'
import { ConfigError } from '../../config/diagnostic.ts'
import { renderTerminal } from '../../config/render-terminal.ts'
import { type Bundle, readBundle } from '../../graph/bundle.ts'
import { type Interpreter, interpreter } from '../../graph/interpret.ts'
import { overlaidGraph } from '../../graph/overlay-graph.ts'
import { askForJson } from '../admin-client.ts'
import { bundleOf, compileFile } from '../bundle.ts'
import { CommandError, flag, type Invocation, type Terminal, textOption } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

type Options = Invocation['options']

/** A graph to ask, and what people call it. */
export type Side = { readonly name: string; readonly bundle: Bundle; readonly evaluator: Interpreter }

const sideOf = (name: string, bundle: Bundle, graph = bundle.graph): Side => ({
  name,
  bundle,
  evaluator: interpreter(graph, bundle.sources, bundle.hash),
})

/** What `--running`, `--graph` or `--config` name. */
export async function chosenSide(options: Options, terminal: Terminal): Promise<Side> {
  if (flag(options, 'running')) return await runningSide(options)
  const bundle = await bundleOf(options, terminal)
  return sideOf(textOption(options, 'graph') ?? bundle.meta['document'] ?? 'the document', bundle)
}

/** The graph that serves now, as the overlays of the moment leave it: what sessions meet. */
export async function runningSide(options: Options): Promise<Side> {
  const socket = socketOf(stateDirOf(options))
  const { bundle: file } = (await askForJson(socket, 'GET', '/graph')) as { bundle: string }
  const { overlays } = (await askForJson(socket, 'GET', '/v1/overlays')) as { overlays: readonly OverlayView[] }
  const read = readBundle(await readFile(file, 'utf8'))
  if (!read.ok) throw new CommandError(`the running graph: ${read.error}`)
  const name = overlays.length === 0 ? 'running' : `running, with ${overlays.length} overlays`
  return sideOf(name, read.value, overlaidGraph(read.value.graph, overlays))
}

/** `running`, or a file: a graph (`.mgw`) or a document. */
export async function namedSide(named: string, options: Options, terminal: Terminal): Promise<Side> {
  if (named === 'running') return await runningSide(options)
  if (named.endsWith('.mgw')) {
    const text = await readFile(named, 'utf8').catch((error: Error) => {
      throw new CommandError(`the graph cannot be read: ${error.message}`)
    })
    const read = readBundle(text)
    if (!read.ok) throw new CommandError(`${named}: ${read.error}`)
    return sideOf(basename(named), read.value)
  }
  try {
    const { bundle } = await compileFile({ cwd: process.cwd(), file: named, env: textOption(options, 'env') })
    return sideOf(relative('.', named), bundle)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    terminal.err(renderTerminal(error.diagnostics, { cwd: process.cwd(), color: terminal.errColor }))
    throw new CommandError(`${named} has errors`)
  }
}
