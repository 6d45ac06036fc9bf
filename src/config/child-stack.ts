import { SourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Text } from './load-text.ts'
import type { Position } from './positions.ts'

/** Where a module's code stood before it was transformed, and its text. */
export type Module = { readonly map: SourceMap; readonly text: Text }

/**
 * The file of the code that called whoever calls this, past the frames of the JavaScript engine, of the guards and
 * of the hooks around each call; `null` when none is known.
 */
export function callerFile(): string | null {
  const frames = framesOf(new Error())
  for (const frame of frames) {
    const file = fileOf(frame)
    if (file !== null && !/[/\\]config[/\\]child-(?:guard|stack|marks)\.[jt]s$/.test(file)) return file
  }
  return null
}

/** The first place in one of `modules` on an error's way, as the user wrote it. */
export function placeOfError(error: unknown, modules: ReadonlyMap<string, Module>): Position | null {
  if (!(error instanceof Error)) return null
  for (const frame of framesOf(error)) {
    const file = fileOf(frame)
    const module = file === null ? undefined : modules.get(file)
    if (file === null || module === undefined) continue
    // One line is put before the transformed code, see `child-evaluate`.
    const entry = module.map.findEntry((frame.getLineNumber() ?? 1) - 2, (frame.getColumnNumber() ?? 1) - 1)
    if (!('originalLine' in entry)) continue
    // The map counts lines as the language does, not as editors do.
    const starts = [
      0,
      ...Array.from(module.text.text.matchAll(/\r\n|[\n\r\u2028\u2029]/g), (end) => end.index + end[0].length),
    ]
    return wordAt(module.text, (starts[entry.originalLine] ?? 0) + entry.originalColumn)
  }
  return null
}

/** The place of the word that begins at an offset, or of the one character there. */
export function wordAt(text: Text, at: number): Position {
  const word = /^[\w$]+/.exec(text.text.slice(at, at + 100))?.[0].length ?? 1
  return text.position(at, at + word)
}

function framesOf(error: Error): readonly NodeJS.CallSite[] {
  const known = taken.get(error)
  if (known !== undefined) return known
  // The first look at `stack` is what makes the engine call `prepareStackTrace`.
  void error.stack
  return taken.get(error) ?? []
}

const taken = new WeakMap<Error, readonly NodeJS.CallSite[]>()

/** Must run before any code of the document. */
export function keepFrames(): void {
  Error.stackTraceLimit = 50
  Error.prepareStackTrace = (error, frames) => {
    taken.set(error, frames)
    return `${error}\n${frames.map((frame) => `    at ${frame}`).join('\n')}`
  }
}

function fileOf(frame: NodeJS.CallSite): string | null {
  const name = frame.getFileName()
  if (!name || name.startsWith('node:')) return null
  if (!name.startsWith('file:')) return name
  try {
    return fileURLToPath(name)
  } catch {
    return null
  }
}

/** Reads the map that Babel wrote at the end of the code. */
export function mapOf(code: string): SourceMap {
  const found = /\/\/# sourceMappingURL=data:application\/json;(?:charset=utf-8;)?base64,(\S+)\s*$/.exec(code)
  if (found === null)
    return new SourceMap({
      file: '',
      version: 3,
      sources: [],
      sourcesContent: [],
      names: [],
      mappings: '',
      sourceRoot: '',
    })
  return new SourceMap(JSON.parse(Buffer.from(found[1]!, 'base64').toString('utf8')))
}
