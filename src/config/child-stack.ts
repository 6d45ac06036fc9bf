import { SourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Text } from './load-text.ts'
import type { Position } from './positions.ts'

/** A module as it was written, as it ran, and the way back. */
export type Module = { readonly text: Text; readonly code: string; readonly map: SourceMap }

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
    const ran = offsetOf(module.code, (frame.getLineNumber() ?? 1) - 2, (frame.getColumnNumber() ?? 1) - 1)
    const before = module.code.slice(0, ran).split('\n')
    const entry = module.map.findEntry(before.length - 1, before.at(-1)!.length)
    if (!('originalLine' in entry)) continue
    return wordAt(module.text, offsetOf(module.text.text, entry.originalLine, entry.originalColumn))
  }
  return null
}

/** Engine and parser end a line at U+2028 and U+2029 too; the map's other side, and editors, only at a line feed. */
function offsetOf(text: string, line: number, column: number): number {
  const ends = text.matchAll(/\r\n|[\n\r\u2028\u2029]/g)
  let start = 0
  for (let i = 0; i < line; i++) {
    const end = ends.next().value
    if (end === undefined) break
    start = end.index + end[0].length
  }
  return start + column
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
