import { relative } from 'node:path'
import { prove } from '../../analysis/prove.ts'
import { ConfigError, type Diagnostic } from '../../config/diagnostic.ts'
import { jsonDiagnostics } from '../../config/render-json.ts'
import { renderTerminal } from '../../config/render-terminal.ts'
import { type CompiledDocument, compileDocument, holdsText } from '../bundle.ts'
import { proofDiagnostics } from '../prove/proof-diagnostics.ts'
import { writeReports } from '../reports.ts'
import { CommandError, flag, type Run } from '../run.ts'

export const run: Run = async ({ options, terminal }) => {
  const compiled = await compileDocument(options).catch((error: unknown) => {
    if (error instanceof ConfigError) return error
    throw error
  })
  const document = compiled instanceof ConfigError ? null : compiled
  const diagnostics = compiled instanceof ConfigError ? compiled.diagnostics : checked(compiled)
  const ok = !diagnostics.some(({ severity }) => severity === 'error')
  await writeReports({ options, terminal }, diagnostics, document?.loaded.file ?? null)
  if (flag(options, 'json')) {
    terminal.out(`${JSON.stringify(json(ok, document, diagnostics), null, 2)}\n`)
    return ok ? 0 : 1
  }
  if (document !== null) terminal.err(`document ${relative('.', document.loaded.file)}\n`)
  terminal.err(renderTerminal(diagnostics, { cwd: process.cwd(), color: terminal.errColor }))
  if (document === null || !ok) throw new CommandError('the document has errors')
  const { loaded, bundle } = document
  terminal.out(`${relative('.', loaded.file)} can be served\ngraph ${bundle.hash}\n${holdsText(loaded.document)}\n`)
  return 0
}

/** What compiling said, and what is proved to be otherwise than every gateway should be, or than the document claims. */
const checked = ({ warnings, bundle, loaded }: CompiledDocument): readonly Diagnostic[] => [
  ...warnings,
  ...proofDiagnostics(prove(bundle).proofs, loaded.positionOf),
]

const json = (ok: boolean, document: CompiledDocument | null, diagnostics: readonly Diagnostic[]) => ({
  ok,
  file: document === null ? null : relative('.', document.loaded.file),
  graph: document === null ? null : document.bundle.hash,
  ...jsonDiagnostics(diagnostics, process.cwd()),
})
