import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { prove } from '../../src/analysis/prove.ts'
import { proofDiagnostics } from '../../src/cli/prove/proof-diagnostics.ts'
import { isUnheld, proofsText } from '../../src/cli/prove/proof-text.ts'
import { compile } from '../../src/compile/compile.ts'
import { ConfigError, type Diagnostic } from '../../src/config/diagnostic.ts'
import { loadDocument } from '../../src/config/load.ts'
import { renderTerminal } from '../../src/config/render-terminal.ts'
import { makeBundle } from '../../src/graph/bundle.ts'
import { sourcesOf } from '../../src/graph/sources.ts'

/**
 * The dangerous mistakes that people make most, each a document that must not go live. `refusal.txt` is what `check`
 * says of it and, where the document can be compiled, what `prove` shows: the message for which it goes wrong.
 * `UPDATE_GOLDEN=1` writes what is said now; read the difference before it is committed.
 */
const corpus = join(import.meta.dirname, 'mistakes')
const cases = readdirSync(corpus, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))

describe('a dangerous mistake does not go live', () => {
  for (const name of cases) {
    test(name.replaceAll('-', ' '), async () => {
      const cwd = join(corpus, name)
      const { text, isRefused } = await refusal(cwd)
      const golden = join(cwd, 'refusal.txt')
      if (process.env['UPDATE_GOLDEN']) writeFileSync(golden, text)
      expect(text).toBe(readFileSync(golden, 'utf8'))
      expect(isRefused).toBe(true)
    })
  }
})

test('there are at least twenty of them', () => expect(cases.length).toBeGreaterThanOrEqual(20))

async function refusal(cwd: string): Promise<{ text: string; isRefused: boolean }> {
  const render = (diagnostics: readonly Diagnostic[]) => renderTerminal(diagnostics, { cwd, color: false })
  try {
    const { document, file, positionOf, warnings } = await loadDocument({ cwd })
    const { graph, diagnostics } = compile(document, positionOf)
    const said = [...warnings, ...diagnostics]
    if (said.some(({ severity }) => severity === 'error')) throw new ConfigError(said)
    const sources = sourcesOf(graph, (at) => {
      const position = positionOf(at)
      return position === null ? null : { ...position, file: relative(dirname(file), position.file) }
    })
    const bundle = makeBundle(graph, sources)
    const report = prove(bundle)
    const failing = { ...report, proofs: report.proofs.filter(isUnheld) }
    const checked = render([...said, ...proofDiagnostics(report.proofs, positionOf)])
    return {
      text: `$ mailgw check\n${checked}\n$ mailgw prove\n${proofsText(failing, bundle)}`,
      isRefused: failing.proofs.length > 0 && failing.proofs.every(({ verdict }) => verdict === 'VIOLATED'),
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const isRefused = error.diagnostics.some(({ severity }) => severity === 'error')
    return { text: `$ mailgw check\n${render(error.diagnostics)}`, isRefused }
  }
}
