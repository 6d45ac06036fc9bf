import { resolve } from 'node:path'
import picocolors from 'picocolors'
import type { Proof } from '../../analysis/proof.ts'
import { prove } from '../../analysis/prove.ts'
import { ConfigError } from '../../config/diagnostic.ts'
import { renderTerminal } from '../../config/render-terminal.ts'
import { findDocument } from '../../config/search.ts'
import { type CompiledDocument, compileDocument } from '../bundle.ts'
import { plainComment, writeComment } from '../ci/comment.ts'
import { type RanTests, runTests } from '../ci/run-tests.ts'
import { step } from '../ci/steps.ts'
import { documentName, NoBaseDocument } from '../plan/base.ts'
import { documentSide, makePlan, type NextSide } from '../plan/make-plan.ts'
import { exitCodeOf, fails, type Plan } from '../plan/plan.ts'
import { writePlanFile } from '../plan/plan-file.ts'
import { planMarkdown } from '../plan/plan-markdown.ts'
import { planText } from '../plan/plan-text.ts'
import { proofLines, testLines } from '../plan/sum-text.ts'
import { proofDiagnostics } from '../prove/proof-diagnostics.ts'
import { writeReports } from '../reports.ts'
import { CommandError, type Invocation, type Run, type Terminal, textOption } from '../run.ts'

type Options = Invocation['options']

/** Whatever happens, the comment is written: an old one that still says "nothing changes" would be worse than none. */
export const run: Run = async ({ options, terminal }) => {
  const comment = textOption(options, 'comment')
  let said = ''
  const heard: Terminal = {
    ...terminal,
    err(text) {
      said += text
      terminal.err(text)
    },
  }
  const name = await nameOf(options)
  try {
    const { code, markdown } = await review(options, heard)
    if (comment !== null) await writeComment(comment, markdown)
    return code
  } catch (error) {
    if (comment === null || !(error instanceof CommandError)) throw error
    await writeComment(comment, plainComment(name, `${error.message} :x:`, withoutColor(said)))
    throw error
  }
}

/** Of the document that is meant, also when it cannot be read: the comment is found again by it. */
async function nameOf(options: Options): Promise<string> {
  const named = textOption(options, 'config')
  const file = await findDocument({ cwd: process.cwd(), file: named }).catch(() => resolve(named ?? 'mailgw.config'))
  return documentName(file).catch(() => named ?? 'mailgw.config')
}

type Reviewed = { readonly code: number; readonly markdown: string }

/** check, test, prove, plan: the first that cannot go on ends it, what merely fails is told with the rest. */
async function review(options: Options, terminal: Terminal): Promise<Reviewed> {
  const compiled = await step('check', terminal, () => checked(options, terminal))
  const next = await documentSide(compiled)
  const { warnings } = compiled
  const problems = warnings.length === 0 ? 'no problems' : `${warnings.length} warning${warnings.length > 1 ? 's' : ''}`
  terminal.out(`check  ${next.name}: ${problems}\n`)
  const ran = await step('test', terminal, () => tested(compiled, next, options, terminal))
  terminal.out(`test   ${testsWords(ran)}\n${ran.text === '' ? '' : `\n${ran.text}`}\n`)
  try {
    const { plan } = await step('plan', terminal, () => makePlan(options, next, terminal))
    const whole: Plan = { ...plan, tests: ran.tests }
    const output = textOption(options, 'output')
    if (output !== null) await writePlanFile(whole, output)
    // Tests that fail stand above already.
    const tests = ran.tests === null ? null : { ...ran.tests, failures: [] }
    terminal.out(planText({ ...whole, tests }, terminal.color))
    await reported(compiled, whole.proofs, options, terminal)
    return { code: exitCodeOf(whole) === 1 ? 1 : 0, markdown: planMarkdown(whole) }
  } catch (error) {
    if (!(error instanceof NoBaseDocument)) throw error
    const { proofs } = prove(next.bundle)
    await reported(compiled, proofs, options, terminal)
    return firstDocument(next, ran, proofs, error.message, terminal)
  }
}

/** A repository's first document has no base: what must hold is looked at all the same. */
function firstDocument(
  next: NextSide,
  { tests }: RanTests,
  proofs: readonly Proof[],
  why: string,
  terminal: Terminal,
): Reviewed {
  const lines = (color: boolean): string => {
    const paint = picocolors.createColors(color)
    return [...proofLines({ proofs }, paint), ...testLines({ tests }, paint)].map((line) => `${line}\n`).join('')
  }
  terminal.out(`plan   nothing to compare with: ${why}\n\n${lines(terminal.color)}`)
  const bad = proofs.some(fails) || (tests !== null && tests.failed > 0)
  const title = bad ? 'a new document, and something that must hold does not :x:' : 'a new document'
  return { code: bad ? 1 : 0, markdown: plainComment(next.name, title, `${why}\n\n${lines(false)}`) }
}

async function checked(options: Options, terminal: Terminal): Promise<CompiledDocument> {
  const render = (diagnostics: CompiledDocument['warnings']) =>
    terminal.err(renderTerminal(diagnostics, { cwd: process.cwd(), color: terminal.errColor }))
  try {
    const compiled = await compileDocument(options)
    render(compiled.warnings)
    return compiled
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    await writeReports({ options, terminal }, error.diagnostics, null)
    render(error.diagnostics)
    throw new CommandError('the document has errors')
  }
}

/** Annotations and SARIF name what does not hold beside what is merely odd. */
function reported(
  { warnings, loaded }: CompiledDocument,
  proofs: readonly Proof[],
  options: Options,
  terminal: Terminal,
): Promise<void> {
  const diagnostics = [...warnings, ...proofDiagnostics(proofs, loaded.positionOf)]
  return writeReports({ options, terminal }, diagnostics, loaded.file)
}

async function tested(
  { loaded, bundle }: CompiledDocument,
  { name }: NextSide,
  options: Options,
  terminal: Terminal,
): Promise<RanTests> {
  const env = textOption(options, 'env')
  try {
    return await runTests(
      loaded.file,
      bundle,
      ['--config', name, ...(env === null ? [] : ['--env', env])],
      terminal.color,
    )
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    terminal.err(renderTerminal(error.diagnostics, { cwd: process.cwd(), color: terminal.errColor }))
    throw new CommandError('the tests have errors')
  }
}

function testsWords({ tests }: RanTests): string {
  if (tests === null) return 'there are none beside the document'
  const all = tests.passed + tests.failed
  return tests.failed === 0 ? `all ${all} pass` : `${tests.failed} of ${all} fail`
}

const withoutColor = (text: string): string => text.replaceAll(/\u001b\[[\d;]*[A-Za-z]|\r/g, '')
