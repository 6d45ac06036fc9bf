import { resolve } from 'node:path'
import type { Case } from '../../analysis/suite-case.ts'
import { ConfigError, type Diagnostic } from '../../config/diagnostic.ts'
import type { Document } from '../../config/document.ts'
import { loadSuite, testsBeside } from '../../config/load-suite.ts'
import { renderTerminal } from '../../config/render-terminal.ts'
import type { Bundle } from '../../graph/bundle.ts'
import { bundleOf, reportedDocument } from '../bundle.ts'
import { CommandError, type Invocation, textOption } from '../run.ts'
import { readClaims, type TestClaim } from './prove-claims.ts'
import { knownOf, readCases } from './read-cases.ts'

/** Everything that a run of tests is about. */
export type LoadedTests = {
  readonly bundle: Bundle
  /** `null` with `--graph`: there is a graph and no document. */
  readonly document: Document | null
  /** The document's file, absolute. */
  readonly file: string | null
  readonly files: readonly string[]
  readonly cases: readonly Case[]
  readonly claims: readonly TestClaim[]
}

export type ReadTests = {
  readonly cases: readonly Case[]
  readonly claims: readonly TestClaim[]
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * The document or graph that the options name, and the tests that stand beside it or that the arguments name. What is
 * wrong is printed for a person and ends the command.
 */
export async function loadTests({ arguments: named, options, terminal }: Invocation): Promise<LoadedTests> {
  const isGraph = textOption(options, 'graph') !== null
  const compiled = isGraph ? null : await reportedDocument(options, terminal)
  const bundle = compiled?.bundle ?? (await bundleOf(options, terminal))
  const file = compiled?.loaded.file ?? null
  const files = named.length > 0 ? named.map((name) => resolve(name)) : file === null ? [] : testsBeside(file)
  const { cases, claims, diagnostics } = await readTests(files, bundle)
  if (diagnostics.length > 0) {
    terminal.err(renderTerminal(diagnostics, { cwd: process.cwd(), color: terminal.errColor }))
    throw new CommandError('the tests have errors')
  }
  return { bundle, document: compiled?.loaded.document ?? null, file, files, cases, claims }
}

/** Reads files of tests about a graph, with everything that is wrong with them; of a file that cannot be read, nothing. */
export async function readTests(files: readonly string[], { graph }: Bundle): Promise<ReadTests> {
  const cases: Case[] = []
  const claims: TestClaim[] = []
  const diagnostics: Diagnostic[] = []
  const known = knownOf(graph)
  for (const file of files) {
    try {
      const source = await loadSuite(file)
      const read = readCases(source, known)
      const claimed = readClaims(source, read.claims, known)
      cases.push(...read.cases)
      claims.push(...claimed.claims)
      diagnostics.push(...read.diagnostics, ...claimed.diagnostics)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      diagnostics.push(...error.diagnostics)
    }
  }
  return { cases, claims, diagnostics }
}
