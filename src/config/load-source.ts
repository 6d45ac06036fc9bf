import { dirname, extname, resolve } from 'node:path'
import { ConfigError, type Diagnostic } from './diagnostic.ts'
import { chooseEnvironment, type Environments, unknownEnvironment } from './environment.ts'
import { includesOf, type MapNode, mergeDocuments } from './include.ts'
import { readJson } from './json.ts'
import { loadCodes } from './load-codes.ts'
import { type Node, placeOf, plainValue, positionsOf } from './load-node.ts'
import { repositoryOf, resolveReference } from './load-path.ts'
import { isError, problem } from './load-problem.ts'
import { readText, wholeFile } from './load-text.ts'
import type { Position } from './positions.ts'
import type { Source } from './source.ts'
import { resolveTables } from './table-reference.ts'
import { evaluateScript } from './typescript.ts'
import { readYaml } from './yaml.ts'

export type LoadOptions = {
  /** `--env NAME`: which value of each `$env` is taken; `null` takes the defaults. */
  readonly env: string | null
  /** Environment variables that TypeScript may read. All others are absent there. */
  readonly allowEnv?: readonly string[]
}

export type LoadedSource = Source & { readonly warnings: readonly Diagnostic[] }

const maxIncludeDepth = 10

/** Everything that one load gathers over all files of a document. */
type Loading = {
  readonly root: string
  readonly environments: Environments
  readonly allowEnv: readonly string[]
  readonly problems: Diagnostic[]
  readonly files: Set<string>
  /** Documents with the place that named them. */
  readonly read: Map<string, Position>
}

/** Reads a document in any surface with all that it includes. Throws `ConfigError` with every problem found. */
export async function loadSource(path: string, { env, allowEnv = [] }: LoadOptions): Promise<LoadedSource> {
  const file = resolve(path)
  const loading: Loading = {
    root: repositoryOf(dirname(file)),
    environments: { chosen: env, named: new Set() },
    allowEnv,
    problems: [],
    files: new Set(),
    read: new Map([[file, wholeFile(file)]]),
  }
  const node = await readDocument(file, wholeFile(file), loading, [file])
  if (!loading.problems.some(isError)) {
    const unknown = unknownEnvironment(loading.environments)
    if (unknown !== null) loading.problems.push(unknown)
  }
  if (node === null || loading.problems.some(isError)) throw new ConfigError(loading.problems)
  return {
    file,
    value: plainValue(node),
    positions: positionsOf(node),
    files: [...loading.files],
    warnings: loading.problems,
  }
}

/** One file with its includes; `null` when nothing of it can be used. */
async function readDocument(
  file: string,
  namedAt: Position,
  loading: Loading,
  chain: readonly string[],
): Promise<MapNode | null> {
  const { problems, environments, root, files } = loading
  files.add(file)
  const written = await readSurface(file, namedAt, loading)
  if (written === null) return null
  const chosen = chooseEnvironment(written, environments, problems)
  if (chosen.kind !== 'map') {
    const got = chosen.kind === 'list' ? 'a list' : 'a single value'
    problems.push(
      problem(
        loadCodes.notMapping,
        placeOf(chosen) ?? wholeFile(file),
        `expected a document with keys such as "hostname" and "listeners", got ${got}`,
      ),
    )
    return null
  }
  let document = (await resolveTables(chosen, { document: file, root, problems, files })) as MapNode
  for (const { text, node, path } of includesOf(document, problems)) {
    const place = placeOf(node) ?? wholeFile(file)
    const included = await readInclude({ text, place, path }, file, loading, chain)
    if (included !== null) document = mergeDocuments(document, included, problems)
  }
  const entries = new Map(document.entries)
  entries.delete('include')
  return { ...document, entries }
}

async function readInclude(
  { text, place, path }: { readonly text: string; readonly place: Position; readonly path: string },
  from: string,
  loading: Loading,
  chain: readonly string[],
): Promise<MapNode | null> {
  const wrong = (code: string, message: string, related: Diagnostic['related'] = []): null => {
    loading.problems.push(problem(code, place, `${path}: ${message}`, { path, related }))
    return null
  }
  const resolved = await resolveReference({ text, from, root: loading.root }, loadCodes.includeUnreadable, place, path)
  if ('problem' in resolved) {
    loading.problems.push(resolved.problem)
    return null
  }
  const { file } = resolved
  if (chain.includes(file))
    return wrong(
      loadCodes.includeCycle,
      `${JSON.stringify(text)} is being read already: the includes go round in a circle`,
    )
  const before = loading.read.get(file)
  if (before !== undefined) {
    return wrong(loadCodes.includeConflict, `${JSON.stringify(text)} is included twice`, [
      { message: 'first included here', position: before },
    ])
  }
  if (chain.length >= maxIncludeDepth)
    return wrong(loadCodes.includeDepth, `includes are nested more than ${maxIncludeDepth} deep`)
  loading.read.set(file, place)
  return readDocument(file, place, loading, [...chain, file])
}

async function readSurface(file: string, namedAt: Position, loading: Loading): Promise<Node | null> {
  const { problems, root, allowEnv, files } = loading
  const ending = extname(file).toLowerCase()
  if (!['.ts', '.mts', '.yaml', '.yml', '.json'].includes(ending)) {
    const message = `expected a document ending in .ts, .mts, .yaml, .yml or .json, got ${ending === '' ? 'no ending' : ending}`
    problems.push(problem(loadCodes.unknownSurface, namedAt, message))
    return null
  }
  const { text, problems: unreadable } = await readText(file, (reason) =>
    problem(loadCodes.unreadable, namedAt, `cannot read ${file}: ${reason}`),
  )
  problems.push(...unreadable)
  if (text === null) return null
  if (text.text.trim() === '') {
    problems.push(problem(loadCodes.empty, wholeFile(file), 'the document is empty'))
    return null
  }
  if (ending === '.ts' || ending === '.mts') {
    const evaluation = await evaluateScript(file, { root, allowEnv })
    problems.push(...evaluation.problems)
    for (const part of evaluation.files) files.add(part)
    return evaluation.node
  }
  const { node, problems: found } = ending === '.json' ? readJson(text) : readYaml(text)
  problems.push(...found)
  if (node === null && found.length === 0)
    problems.push(problem(loadCodes.empty, wholeFile(file), 'the document is empty: it has comments only'))
  return node
}
