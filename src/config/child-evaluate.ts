import { readdirSync } from 'node:fs'
import { builtinModules, createRequire } from 'node:module'
import { dirname, resolve } from 'node:path'
import type { createJiti as CreateJiti, TransformOptions, TransformResult } from 'jiti'
import { Fault, NotRepeatable } from './child-fault.ts'
import { guardGlobals } from './child-guard.ts'
import { jsonImporter } from './child-json.ts'
import { hooksOf, type Mark, newMarks } from './child-marks.ts'
import { plainOf } from './child-plain.ts'
import { keepFrames, type Module, mapOf, placeOfError, wordAt } from './child-stack.ts'
import { hooksName, visitorOf } from './child-visitor.ts'
import type { Diagnostic } from './diagnostic.ts'
import { loadCodes } from './load-codes.ts'
import { problem } from './load-problem.ts'
import { hiddenCharacters, type Text, textOf, wholeFile } from './load-text.ts'
import type { Position } from './positions.ts'
import { didYouMean } from './suggest.ts'

export type Job = {
  /** Real path of the document. */
  readonly file: string
  /** A document is what its module exports; of a test file, what its suites have said. */
  readonly kind: 'document' | 'tests'
  /** Real path of the folder that may be read. */
  readonly root: string
  readonly allowEnv: readonly string[]
  /** Folders of mailgw and its loader. */
  readonly own: readonly string[]
  /** The loader's library, by its real path. */
  readonly library: string
}

/** What the child says, as JSON. Exactly one of `value` and `problems` tells the outcome: with a problem there is no value. */
export type Reply = {
  readonly value: unknown
  readonly marks: readonly Mark[]
  readonly names: readonly string[]
  readonly places: readonly number[]
  readonly files: readonly string[]
  readonly problems: readonly Diagnostic[]
}

/** Of Node's own modules these compute and nothing else. */
const harmless = new Set(['path', 'path/posix', 'url', 'util', 'querystring', 'punycode', 'assert', 'assert/strict'])

/**
 * Runs a TypeScript document and gives its value with the place of each part. Runs once in a process: it changes globals.
 *
 * @param publicModules what it may import of mailgw, by name
 * @param collected what the suites of a test file have said
 */
export async function evaluate(
  job: Job,
  publicModules: Readonly<Record<string, object>>,
  collected: () => unknown,
): Promise<Reply> {
  const marks = newMarks()
  const modules = new Map<string, Module>()
  const files = new Set<string>([job.file])
  const imports: { readonly name: string; readonly mark: Mark }[] = []

  const positionOf = (mark: Mark): Position | null => {
    if (mark < 0) return null
    const [index, line, column, end] = marks.places.slice(mark * 4, mark * 4 + 4) as [number, number, number, number]
    return { file: marks.files[index]!, line, column, endColumn: end }
  }
  const importSeen = (name: string, mark: Mark): void => {
    const bare = name.replace(/^node:/, '')
    if ((name !== bare || builtinModules.includes(bare)) && !harmless.has(bare)) {
      const message = `a document may not import "${name}": it describes mail and reads nothing but itself`
      const hint = bare === 'fs' || bare === 'fs/promises' ? "import a .json file, or use table('file.tsv')" : null
      throw new Fault([problem(loadCodes.importRefused, positionOf(mark), message, { hint })])
    }
    imports.push({ name, mark })
  }

  const { createJiti, babel } = loaderAt(job.library)
  const transform = (options: TransformOptions): TransformResult => {
    const file = options.filename ?? job.file
    files.add(file)
    const text = textOf(file, options.source.replace(/^\uFEFF/, ''))
    const hidden = hiddenCharacters(text)
    if (hidden.length > 0) throw new Fault(hidden)
    const own = !file.includes('/node_modules/')
    const plugins = own ? [visitorOf(marks, text, importSeen)] : []
    const result = babel({
      ...options,
      source: text.text,
      babel: { ...options.babel, sourceMaps: 'inline', sourceFileName: file, plugins },
    })
    if (result.error !== undefined) throw syntaxFault(result.error, text)
    modules.set(file, { text, code: result.code, map: mapOf(result.code) })
    // On its first line the code would stand behind the head of the function that the loader wraps around it.
    return { code: `\n${result.code}` }
  }

  const jiti = createJiti(job.file, {
    fsCache: false,
    interopDefault: true,
    tryNative: false,
    transform,
    virtualModules: publicModules,
  })
  keepFrames()
  Object.defineProperty(globalThis, hooksName, {
    value: hooksOf(marks, jsonImporter(marks, job.root, positionOf, files)),
  })
  const ours = (file: string) =>
    job.own.some((folder) => file.startsWith(folder)) || file.includes('/node_modules/jiti/')
  guardGlobals(ours, new Set(job.allowEnv))

  const reply = (value: unknown, valueMarks: readonly Mark[], problems: readonly Diagnostic[]): Reply => ({
    value,
    marks: valueMarks,
    names: marks.files,
    places: marks.places,
    files: [...files],
    problems,
  })
  let exported: { readonly default?: unknown }
  try {
    exported = await jiti.import(job.file)
  } catch (error) {
    return reply(null, [], explain(error))
  }
  if (job.kind === 'document' && !Object.hasOwn(exported, 'default')) {
    const message = 'the document has no default export'
    const hint = 'write export default defineConfig({ ... })'
    return reply(null, [], [problem(loadCodes.noDefaultExport, wholeFile(job.file), message, { hint })])
  }
  const plain = plainOf(
    job.kind === 'document' ? exported.default : collected(),
    marks.exported.get(job.file) ?? -1,
    marks,
    (mark) => positionOf(mark) ?? wholeFile(job.file),
  )
  return reply(plain.problems.length > 0 ? null : plain.value, plain.marks, plain.problems)

  function explain(error: unknown): readonly Diagnostic[] {
    if (error instanceof Fault) return error.diagnostics
    const place =
      placeOfError(error, modules) ??
      (marks.thrown !== null && marks.thrown.value === error ? positionOf(marks.thrown.mark) : null)
    const at = place ?? wholeFile(job.file)
    if (error instanceof NotRepeatable)
      return [problem(loadCodes.notRepeatable, at, error.message, { hint: error.hint })]
    if (!(error instanceof Error))
      return [problem(loadCodes.scriptThrew, at, `the document threw ${short(String(error))}`)]
    const { code } = error as NodeJS.ErrnoException
    if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') {
      const name = /Cannot find (?:module|package) '([^']+)'/.exec(error.message)?.[1] ?? ''
      // Two modules may name the same thing; the one that failed is the last that was read.
      const mark = imports.findLast((seen) => seen.name === name)?.mark
      const hint = name.startsWith('.')
        ? didYouMean(name, siblings(name, files))
        : 'packages are looked for in the node_modules folders of the repository'
      return [
        problem(
          loadCodes.importNotFound,
          mark === undefined ? at : positionOf(mark),
          `cannot find the module "${name}"`,
          { hint },
        ),
      ]
    }
    if (code === 'ERR_ACCESS_DENIED') {
      const what = (error as { permission?: string }).permission ?? 'this'
      const resource = (error as { resource?: string }).resource
      const message = `a document may read its own repository only; refused: ${what}${resource ? ` ${resource}` : ''}`
      return [problem(loadCodes.denied, at, message)]
    }
    const name = error.name === 'Error' ? '' : `${error.name}: `
    return [problem(loadCodes.scriptThrew, at, `the document threw ${name}${short(error.message)}`)]
  }
}

/** The loader, and its own transformation, called here for the sake of its errors: the loader keeps their text only. */
function loaderAt(library: string) {
  const require = createRequire(library)
  const createJiti = require(library) as typeof CreateJiti
  const babel = require('../dist/babel.cjs') as (options: TransformOptions) => TransformResult
  return { createJiti, babel }
}

/** Names as `name` is written, of what stands where a module that was read could have meant it. */
function siblings(name: string, files: ReadonlySet<string>): string[] {
  const before = name.slice(0, name.lastIndexOf('/') + 1)
  return [...files].flatMap((file) => {
    try {
      return readdirSync(resolve(dirname(file), before)).map((found) => before + found)
    } catch {
      return []
    }
  })
}

function syntaxFault(error: unknown, text: Text): Fault {
  if (error instanceof Fault) return error
  const { pos, message } = error as { pos?: number; message: string }
  // Babel puts the file's name before its sentence and the place behind it.
  const sentence = message
    .split('\n')[0]!
    .replace(/^\/?[^:]*: /, '')
    .replace(/\s*\(\d+:\d+\)\s*$/, '')
    .replace(/\.$/, '')
  return new Fault([problem(loadCodes.scriptSyntax, wordAt(text, pos ?? 0), `not TypeScript: ${short(sentence)}`)])
}

const short = (text: string): string => (text.length > 500 ? `${text.slice(0, 497)}...` : text)
