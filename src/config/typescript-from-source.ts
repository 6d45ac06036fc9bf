import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, resolve } from 'node:path'
import type { TransformOptions, TransformResult } from 'jiti'

/**
 * Our own child process when mailgw runs from its TypeScript sources, as its tests do. The modules are transformed once
 * in the parent and handed over on descriptor 4; in each child anew it would take longer than the document.
 */
export type SourceProgram = { readonly script: string; readonly modules: string }

const known = new Map<string, SourceProgram>()

/**
 * @param child path of `child.ts`
 * @param library path of the loader
 */
export function sourceProgram(child: string, library: string): SourceProgram {
  const before = known.get(child)
  if (before !== undefined) return before
  const babel = createRequire(library)('../dist/babel.cjs') as (options: TransformOptions) => TransformResult
  const modules = new Map<string, string>()
  const add = (filename: string): void => {
    if (modules.has(filename)) return
    const source = readFileSync(filename, 'utf8')
    modules.set(filename, babel({ source, filename, ts: true, async: true, interopDefault: true, babel: {} }).code)
    for (const [, name] of source.matchAll(/^(?:import|export|\}) (?!type ).*?from '(\.[^']+)'$/gm)) {
      add(resolve(dirname(filename), name!))
    }
  }
  add(child)
  const file = JSON.stringify(child)
  const script = [
    "const modules = JSON.parse(require('node:fs').readFileSync(4, 'utf8'))",
    'const transform = ({ filename }) => ({ code: modules[filename] })',
    `require(${JSON.stringify(library)})(${file}, { fsCache: false, transform }).import(${file})`,
  ].join('\n')
  const program = { script, modules: JSON.stringify(Object.fromEntries(modules)) }
  known.set(child, program)
  return program
}
