import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, test } from 'vitest'

const folder = fileURLToPath(new URL('../types/', import.meta.url))
const files = ['right', 'wrong-names', 'wrong-keys', 'wrong-values'].map((name) => `${folder}${name}.ts`)

/** `line:column code` of all that the compiler says, by file. */
function compile(): Map<string, string[]> {
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    exactOptionalPropertyTypes: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  })
  const found = new Map<string, string[]>(files.map((file) => [basename(file, '.ts'), []]))
  for (const diagnostic of ts.getPreEmitDiagnostics(program)) {
    const { line, character } = diagnostic.file!.getLineAndCharacterOfPosition(diagnostic.start!)
    found.get(basename(diagnostic.file!.fileName, '.ts'))!.push(`${line + 1}:${character + 1} TS${diagnostic.code}`)
  }
  return found
}

/** The places that the fixtures mark: a line `// ^ TS1234` points with its caret at the line above it. */
function marked(file: string): string[] {
  const marks: string[] = []
  let code = 0
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    code++
    const mark = /^\s*\/\/\s*\^ (TS\d+)/.exec(line)
    if (mark !== null) marks.push(`${code - 1}:${line.indexOf('^') + 1} ${mark[1]}`)
  }
  return marks
}

const said = compile()

test('a document that is right compiles', () => {
  expect(said.get('right')).toEqual([])
})

test('misspelt names of relays, listeners and TLS levels do not compile, each at its place', () => {
  expect(marked(files[1]!).length).toBe(14)
  expect(said.get('wrong-names')).toEqual(marked(files[1]!))
})

test('unknown keys do not compile, each at its place', () => {
  expect(marked(files[2]!).length).toBe(4)
  expect(said.get('wrong-keys')).toEqual(marked(files[2]!))
})

test('a bare secret, a number for a time, and a port for mx() do not compile', () => {
  expect(marked(files[3]!).length).toBe(8)
  expect(said.get('wrong-values')).toEqual(marked(files[3]!))
})
