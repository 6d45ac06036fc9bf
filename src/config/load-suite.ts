import { readdirSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { ConfigError } from './diagnostic.ts'
import { readJson } from './json.ts'
import { loadCodes } from './load-codes.ts'
import { type Node, plainValue, positionsOf } from './load-node.ts'
import { repositoryOf } from './load-path.ts'
import { isError, problem } from './load-problem.ts'
import { readText, wholeFile } from './load-text.ts'
import type { Source } from './source.ts'
import { evaluateScript } from './typescript.ts'
import { readYaml } from './yaml.ts'

/** `mailgw.test.ts`, `partner.mailgw.test.yaml`: the tests of the document in the same folder. */
const testName = /(?:^|\.)mailgw\.test\.(?:ts|mts|yaml|yml|json)$/

/** The test files beside a document, sorted by name. */
export function testsBeside(document: string): readonly string[] {
  const folder = dirname(document)
  return readdirSync(folder)
    .filter((name) => testName.test(name))
    .sort()
    .map((name) => join(folder, name))
}

/**
 * Reads one file of tests in any surface; TypeScript in the same restricted process as a document. What it says is not
 * looked at yet. Throws `ConfigError` with every problem found.
 */
export async function loadSuite(file: string, allowEnv: readonly string[] = []): Promise<Source> {
  const whole = wholeFile(file)
  const { text, problems } = await readText(file, (reason) =>
    problem(loadCodes.unreadable, null, `cannot read the tests ${file}: ${reason}`),
  )
  if (text === null) throw new ConfigError(problems)
  if (text.text.trim() === '') throw new ConfigError([problem(loadCodes.empty, whole, 'the file of tests is empty')])
  const done = (node: Node | null, found: readonly (typeof problems)[number][], files: readonly string[]): Source => {
    if (found.some(isError)) throw new ConfigError(found)
    if (node === null) {
      throw new ConfigError([problem(loadCodes.empty, whole, 'the file of tests is empty: it has comments only')])
    }
    return { file, value: plainValue(node), positions: positionsOf(node), files }
  }
  switch (extname(file).toLowerCase()) {
    case '.ts':
    case '.mts': {
      const root = repositoryOf(dirname(file))
      const evaluation = await evaluateScript(file, { root, allowEnv, kind: 'tests' })
      return done(evaluation.node, evaluation.problems, evaluation.files)
    }
    case '.yaml':
    case '.yml': {
      const { node, problems: found } = readYaml(text)
      return done(node, found, [file])
    }
    case '.json': {
      const { node, problems: found } = readJson(text)
      return done(node, found, [file])
    }
    default: {
      const message = 'expected tests in a file ending in .ts, .mts, .yaml, .yml or .json'
      throw new ConfigError([problem(loadCodes.unknownSurface, whole, message)])
    }
  }
}
