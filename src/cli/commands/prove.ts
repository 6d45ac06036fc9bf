import { readFile } from 'node:fs/promises'
import { prove } from '../../analysis/prove.ts'
import { memberOfFleet } from '../../analysis/prove-loops.ts'
import { type Bundle, readBundle } from '../../graph/bundle.ts'
import { askForJson } from '../admin-client.ts'
import { bundleOf } from '../bundle.ts'
import { isUnheld, proofsText } from '../prove/proof-text.ts'
import { CommandError, flag, type Invocation, type Run, textOption } from '../run.ts'
import { socketOf, stateDirOf } from '../state-dir.ts'

export const run: Run = async ({ options, terminal }) => {
  const bundle = await proved(options, terminal)
  const beside = (options['beside'] as readonly string[] | undefined) ?? []
  const neighbours = await Promise.all(beside.map(async (file) => memberOfFleet(file, await graphOf(file))))
  const report = prove(bundle, { neighbours })
  terminal.out(flag(options, 'json') ? `${JSON.stringify(report, null, 2)}\n` : proofsText(report, bundle))
  return report.proofs.some(isUnheld) ? 1 : 0
}

async function proved(options: Invocation['options'], terminal: Parameters<typeof bundleOf>[1]): Promise<Bundle> {
  if (!flag(options, 'running')) return await bundleOf(options, terminal)
  if (textOption(options, 'config') !== null || textOption(options, 'graph') !== null)
    throw new CommandError('give --running, --config or --graph, not two of them')
  const { bundle } = (await askForJson(socketOf(stateDirOf(options)), 'GET', '/graph')) as { bundle: string }
  return await graphOf(bundle)
}

async function graphOf(file: string): Promise<Bundle> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new CommandError(`the graph cannot be read: ${error.message}`)
  })
  const read = readBundle(text)
  if (!read.ok) throw new CommandError(`${file}: ${read.error}`)
  return read.value
}
