import { relative } from 'node:path'
import { prove } from '../../analysis/prove.ts'
import { ConfigError, type Diagnostic } from '../../config/diagnostic.ts'
import { jsonDiagnostics } from '../../config/render-json.ts'
import { renderTerminal } from '../../config/render-terminal.ts'
import { type CompiledDocument, compileDocument, holdsText } from '../bundle.ts'
import { type DkimSelector, parseSelector } from '../check-dns/dkim.ts'
import type { DnsReport } from '../check-dns/finding.ts'
import { dnsText } from '../check-dns/report-text.ts'
import { proofDiagnostics } from '../prove/proof-diagnostics.ts'
import { writeReports } from '../reports.ts'
import { CommandError, flag, type Invocation, type Run } from '../run.ts'

export const run: Run = async ({ options, terminal }) => {
  const selectors = selectorsOf(options)
  const compiled = await compileDocument(options).catch((error: unknown) => {
    if (error instanceof ConfigError) return error
    throw error
  })
  const document = compiled instanceof ConfigError ? null : compiled
  const diagnostics = compiled instanceof ConfigError ? compiled.diagnostics : checked(compiled)
  const canServe = !diagnostics.some(({ severity }) => severity === 'error')
  const dns = document !== null && canServe && flag(options, 'dns') ? await askDns(document, selectors) : null
  const ok = canServe && dns?.findings.some(({ level }) => level === 'problem') !== true
  await writeReports({ options, terminal }, diagnostics, document?.loaded.file ?? null)
  if (flag(options, 'json')) {
    terminal.out(`${JSON.stringify(json({ ok, document, diagnostics, dns }), null, 2)}\n`)
    return ok ? 0 : 1
  }
  if (document !== null) terminal.err(`document ${relative('.', document.loaded.file)}\n`)
  terminal.err(renderTerminal(diagnostics, { cwd: process.cwd(), color: terminal.errColor }))
  if (document === null || !canServe) throw new CommandError('the document has errors')
  const { loaded, bundle } = document
  terminal.out(`${relative('.', loaded.file)} can be served\ngraph ${bundle.hash}\n${holdsText(loaded.document)}\n`)
  if (dns !== null) terminal.out(dnsText(dns))
  return ok ? 0 : 1
}

/** Loaded only where it is asked for: nothing else here contacts anybody. */
async function askDns({ loaded }: CompiledDocument, selectors: readonly DkimSelector[]): Promise<DnsReport> {
  const { dnsReport } = await import('../check-dns/with-resolver.ts')
  return await dnsReport(loaded.document, selectors)
}

function selectorsOf(options: Invocation['options']): readonly DkimSelector[] {
  const texts = (options['dkimSelector'] as readonly string[] | undefined) ?? []
  if (texts.length > 0 && !flag(options, 'dns')) throw new CommandError('--dkim-selector is for --dns')
  return texts.map((text) => {
    const selector = parseSelector(text)
    if (!selector.ok) throw new CommandError(`--dkim-selector: ${selector.error}`)
    return selector.value
  })
}

/** What compiling said, and what is proved to be otherwise than every gateway should be, or than the document claims. */
const checked = ({ warnings, bundle, loaded }: CompiledDocument): readonly Diagnostic[] => [
  ...warnings,
  ...proofDiagnostics(prove(bundle).proofs, loaded.positionOf),
]

type Checked = {
  readonly ok: boolean
  readonly document: CompiledDocument | null
  readonly diagnostics: readonly Diagnostic[]
  readonly dns: DnsReport | null
}

const json = ({ ok, document, diagnostics, dns }: Checked) => ({
  ok,
  file: document === null ? null : relative('.', document.loaded.file),
  graph: document === null ? null : document.bundle.hash,
  ...jsonDiagnostics(diagnostics, process.cwd()),
  ...(dns === null ? {} : { dns }),
})
