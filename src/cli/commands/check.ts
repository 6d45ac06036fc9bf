import { relative } from 'node:path'
import { ConfigError } from '../../config/diagnostic.ts'
import { jsonDiagnostics } from '../../config/render-json.ts'
import { compileDocument, holdsText, reportedDocument } from '../bundle.ts'
import { flag, type Invocation, type Run } from '../run.ts'

export const run: Run = async ({ options, terminal }) => {
  if (flag(options, 'json')) return await checkJson({ options, terminal })
  const { loaded, bundle } = await reportedDocument(options, terminal)
  terminal.out(`${relative('.', loaded.file)} can be served\ngraph ${bundle.hash}\n${holdsText(loaded.document)}\n`)
  return 0
}

async function checkJson({ options, terminal }: Pick<Invocation, 'options' | 'terminal'>): Promise<number> {
  const print = (value: unknown) => terminal.out(`${JSON.stringify(value, null, 2)}\n`)
  try {
    const { loaded, bundle, warnings } = await compileDocument(options)
    print({
      ok: true,
      file: relative('.', loaded.file),
      graph: bundle.hash,
      ...jsonDiagnostics(warnings, process.cwd()),
    })
    return 0
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    print({ ok: false, file: null, graph: null, ...jsonDiagnostics(error.diagnostics, process.cwd()) })
    return 1
  }
}
