import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

const src = join(import.meta.dirname, '..', 'src')

/**
 * The walls: which folder may import which others (`docs/flow.md` has the same table with what each holds). Type imports
 * count: a type is knowledge too.
 */
const all = [
  ...['mail', 'config', 'graph', 'compile', 'analysis', 'dns', 'smtp', 'message', 'checks', 'credentials', 'queue'],
  ...['ingress', 'route', 'egress', 'mailbox', 'pop3', 'admin'],
]
const mayImport = new Map<string, readonly string[]>([
  ['mail', []],
  ['config', ['mail']],
  ['graph', ['mail']],
  ['compile', ['mail', 'config', 'graph']],
  ['analysis', ['mail', 'graph']],
  ['dns', ['mail']],
  ['smtp', ['mail']],
  ['message', ['mail']],
  ['checks', ['mail', 'dns', 'message']],
  ['credentials', ['mail']],
  ['queue', ['mail', 'message']],
  ['ingress', ['mail', 'graph', 'dns', 'smtp', 'message', 'checks', 'credentials', 'queue']],
  ['route', ['mail', 'graph', 'dns']],
  ['egress', ['mail', 'dns', 'smtp', 'message', 'queue', 'route']],
  ['mailbox', ['mail', 'message', 'queue', 'route']],
  ['pop3', ['mail', 'credentials', 'mailbox']],
  ['admin', ['mail', 'graph', 'dns', 'queue']],
  ['gateway', all.filter((folder) => !['config', 'compile', 'analysis'].includes(folder))],
  ['cli', [...all, 'gateway']],
])

type Source = { readonly file: string; readonly folder: string; readonly imports: readonly string[] }

const sources: readonly Source[] = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ file: name, folder: folderOf(name), imports: importsOf(join(src, name)) }))

function folderOf(name: string): string {
  const folder = name.split('/')[0]!
  // src/index.ts, which documents import, is config's own face.
  return folder === name ? 'config' : folder
}

/** Every module that a file names: import, export from, import(), and import types. */
function importsOf(file: string): string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    let named: ts.Node | undefined
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) named = node.moduleSpecifier
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      named = node.arguments[0]
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) named = node.argument.literal
    if (named !== undefined && ts.isStringLiteralLike(named)) found.push(named.text)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true))
  return found
}

/** The folders that a source reaches into, each with the import that does it. */
const reaches = ({ file, imports }: Source): { readonly folder: string; readonly named: string }[] =>
  imports
    .filter((named) => named.startsWith('.'))
    .map((named) => ({ folder: folderOf(relative(src, join(src, dirname(file), named))), named }))

test('a folder imports only what the table of walls lets it import', () => {
  const through = sources.flatMap((source) =>
    reaches(source)
      .filter(({ folder }) => folder !== source.folder && mayImport.get(source.folder)?.includes(folder) !== true)
      .map(({ folder, named }) => `${source.file} (${source.folder}) imports ${named} (${folder})`),
  )
  expect(through).toEqual([])
})

test('docs/flow.md has the same table', () => {
  const page = readFileSync(join(src, '../docs/flow.md'), 'utf8')
  const rows = [...page.matchAll(/^\| ([a-z0-9]+) \| ?([a-z0-9, ]*) ?\|$/gm)].slice(1)
  const written = new Map(rows.map(([, folder, list]) => [folder!, list!.trim().split(', ').filter(Boolean)]))
  const wanted = [...mayImport].filter(([folder]) => folder !== 'cli')
  expect([...written].filter(([folder]) => folder !== 'cli')).toEqual(wanted)
})

test('every folder of src stands in the table', () => {
  expect([...new Set(sources.map(({ folder }) => folder))].filter((folder) => !mayImport.has(folder))).toEqual([])
})

test('no folder depends on itself by way of others', () => {
  const depends = new Map<string, Set<string>>()
  for (const source of sources) {
    const set = depends.get(source.folder) ?? new Set()
    for (const { folder } of reaches(source)) if (folder !== source.folder) set.add(folder)
    depends.set(source.folder, set)
  }
  const cycles: string[] = []
  const walk = (folder: string, path: readonly string[]): void => {
    if (path.includes(folder)) cycles.push([...path.slice(path.indexOf(folder)), folder].join(' -> '))
    else for (const next of depends.get(folder) ?? []) walk(next, [...path, folder])
  }
  for (const folder of depends.keys()) walk(folder, [])
  expect(cycles).toEqual([])
})

test('relative imports name a .ts file of src', () => {
  const wrong = sources.flatMap(({ file, imports }) =>
    imports
      .filter(
        (named) => named.startsWith('.') && (!named.endsWith('.ts') || join(dirname(file), named).startsWith('..')),
      )
      .map((named) => `${file}: ${named}`),
  )
  expect(wrong).toEqual([])
})

test('the only index is src/index.ts, and no file is named utils', () => {
  const names = sources.map(({ file }) => file)
  expect(names.filter((file) => /(^|\/)index\.ts$/.test(file))).toEqual(['index.ts'])
  expect(names.filter((file) => /util|helper|misc|common/i.test(file))).toEqual([])
})

test('a file over 400 lines says in its first line why it is long', () => {
  const long = sources
    .map(({ file }) => ({ file, lines: readFileSync(join(src, file), 'utf8').split('\n') }))
    .filter(({ lines }) => lines.length - 1 > 400 && !/^\/\/ Long because \S.{20,}/.test(lines[0]!))
  expect(long.map(({ file, lines }) => `${file}: ${lines.length - 1} lines`)).toEqual([])
})

describe('what the running gateway loads', () => {
  const byFile = new Map(sources.map((source) => [source.file, source]))
  const loaded = new Set<string>()
  const load = (file: string): void => {
    if (loaded.has(file)) return
    loaded.add(file)
    for (const named of byFile.get(file)?.imports ?? []) {
      if (named.startsWith('.')) load(join(dirname(file), named))
    }
  }
  load('gateway/gateway.ts')

  test('the gateway never reaches the compiler, the document or the commands, however far it imports', () => {
    const foreign = [...loaded].filter((file) => ['config', 'compile', 'analysis', 'cli'].includes(folderOf(file)))
    expect(foreign).toEqual([])
  })

  test('the gateway never loads a package that evaluates documents', () => {
    const packages = [...loaded].flatMap((file) => byFile.get(file)?.imports ?? [])
    expect(packages.filter((name) => ['jiti', 'yaml', 'cosmiconfig', 'zod'].includes(name))).toEqual([])
  })
})
