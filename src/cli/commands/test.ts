import { dirname, relative } from 'node:path'
import { failedOf, runCases } from '../../analysis/suite-run.ts'
import { interpreter } from '../../graph/interpret.ts'
import { CommandError, type Invocation, type Run, textOption } from '../run.ts'
import { failuresText, type TextOptions } from '../test/failure-text.ts'
import { type Loaded, loadTests } from '../test/load-cases.ts'

export const run: Run = async (invocation) => {
  const { options, terminal } = invocation
  const loaded = await loadTests(invocation)
  if (loaded.cases.length === 0) {
    throw new CommandError(
      'there is no test: write mailgw.test.ts or mailgw.test.yaml beside the document, or name a file',
    )
  }
  const { graph, sources, hash } = loaded.bundle
  const results = runCases(interpreter(graph, sources, hash), loaded.cases)
  const failed = failedOf(results)
  const text = textOptions(loaded, options, terminal.color)
  terminal.out(failuresText(failed, text))
  terminal.out(`${failed.length > 0 ? '\n' : ''}${countText(results.length, failed.length, loaded.files.length)}\n`)
  return failed.length === 0 ? 0 : 1
}

function textOptions({ file }: Loaded, options: Invocation['options'], color: boolean): TextOptions {
  const explain = (['config', 'graph', 'env'] as const).flatMap((name) => {
    const value = textOption(options, name)
    return value === null ? [] : [`--${name}`, value]
  })
  return { cwd: process.cwd(), color, folder: file === null ? null : dirname(file), explain }
}

const countText = (all: number, failed: number, files: number): string =>
  `${all} test${all === 1 ? '' : 's'} in ${files} file${files === 1 ? '' : 's'}, ${failed === 0 ? 'all passed' : `${failed} failed`}`

export const shownFile = (file: string): string => relative('.', file)
