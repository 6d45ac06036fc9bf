import { writeBundle } from '../../graph/bundle.ts'
import { canonicalJson } from '../../graph/canonical.ts'
import { printGraph } from '../../graph/print.ts'
import { bundleOf, writeBundleFile } from '../bundle.ts'
import { flag, type Run, textOption } from '../run.ts'

export const run: Run = async ({ options, terminal }) => {
  const bundle = await bundleOf(options, terminal)
  const output = textOption(options, 'output')
  if (output === '-') terminal.out(writeBundle(bundle))
  else if (output !== null) await writeBundleFile(bundle, output)
  else if (flag(options, 'json')) terminal.out(`${canonicalJson(bundle.graph)}\n`)
  else terminal.out(printGraph(bundle))
  return 0
}
