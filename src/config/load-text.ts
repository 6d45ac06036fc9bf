import { isUtf8 } from 'node:buffer'
import { readFile, stat } from 'node:fs/promises'
import type { Diagnostic } from './diagnostic.ts'
import { loadCodes } from './load-codes.ts'
import { problem } from './load-problem.ts'
import type { Position } from './positions.ts'

/** A file's text, without byte order mark, that knows the line and column of each offset. */
export type Text = {
  readonly file: string
  readonly text: string
  readonly position: (start: number, end: number) => Position
}

const maxBytes = 256 * 1024 * 1024

export function textOf(file: string, text: string): Text {
  let starts: number[] | null = null
  return {
    file,
    text,
    position(start, end) {
      starts ??= lineStarts(text)
      let low = 0
      let high = starts.length - 1
      while (low < high) {
        const middle = (low + high + 1) >> 1
        if (starts[middle]! <= start) low = middle
        else high = middle - 1
      }
      const lineStart = starts[low]!
      const next = starts[low + 1]
      // What goes on over several lines is pointed at by its first character.
      const last = next !== undefined && end >= next ? start + 1 : Math.max(end, start + 1)
      return { file, line: low + 1, column: start - lineStart + 1, endColumn: last - lineStart + 1 }
    },
  }
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** Gives the text, or why it cannot be used, in the words of whoever asked for it (`cannot`). */
export async function readText(
  file: string,
  cannot: (reason: string) => Diagnostic,
): Promise<{ readonly text: Text | null; readonly problems: readonly Diagnostic[] }> {
  let bytes: Buffer
  try {
    const facts = await stat(file)
    if (!facts.isFile()) return { text: null, problems: [cannot('it is not a regular file')] }
    if (facts.size > maxBytes) {
      const message = `the file has ${facts.size} bytes, more than the ${maxBytes} that are read`
      return { text: null, problems: [problem(loadCodes.tooLarge, wholeFile(file), message)] }
    }
    bytes = await readFile(file)
  } catch (error) {
    return { text: null, problems: [cannot(machineReason(error))] }
  }
  return decode(file, bytes)
}

/** Refuses bytes that are no UTF-8 and characters that a reviewer would not see. */
export function decode(
  file: string,
  bytes: Buffer,
): { readonly text: Text | null; readonly problems: readonly Diagnostic[] } {
  if (!isUtf8(bytes)) {
    const { position, byte } = firstBadByte(file, bytes)
    const message = `expected UTF-8, got the byte 0x${byte.toString(16).padStart(2, '0')}`
    const hint = 'save the file as UTF-8; it looks like ISO 8859-1 or Windows-1252'
    return { text: null, problems: [problem(loadCodes.notUtf8, position, message, { hint })] }
  }
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  const text = textOf(file, bytes.toString('utf8', start))
  const problems = hiddenCharacters(text)
  return problems.length > 0 ? { text: null, problems } : { text, problems }
}

const control = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/
// "Trojan source": with these an editor shows another text than the one that is read.
const direction = /[\u202a-\u202e\u2066-\u2069]/

export function hiddenCharacters(source: Text): readonly Diagnostic[] {
  const problems: Diagnostic[] = []
  const bad = control.exec(source.text)
  if (bad !== null) {
    const name = bad[0] === '\0' ? 'a NUL character' : `the control character ${codePoint(bad[0])}`
    problems.push(
      problem(loadCodes.controlCharacter, source.position(bad.index, bad.index + 1), `expected text, got ${name}`),
    )
  }
  const turned = direction.exec(source.text)
  if (turned !== null) {
    const position = source.position(turned.index, turned.index + 1)
    const message = `${codePoint(turned[0])} changes the direction of writing: a reviewer would see another text than the one that is read`
    problems.push(problem(loadCodes.hiddenDirection, position, message, { hint: 'remove the invisible character' }))
  }
  return problems
}

export const wholeFile = (file: string): Position => ({ file, line: 1, column: 1, endColumn: 2 })

const codePoint = (character: string) => `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`

function firstBadByte(file: string, bytes: Buffer): { position: Position; byte: number } {
  // Binary search for the longest good prefix; a prefix may end inside a good sequence, so up to 3 bytes are given back.
  const good = (length: number): boolean => {
    for (let cut = length; cut >= Math.max(0, length - 3); cut--) if (isUtf8(bytes.subarray(0, cut))) return true
    return false
  }
  let low = 0
  let high = bytes.length
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (good(middle)) low = middle
    else high = middle - 1
  }
  let at = low
  while (at > 0 && !isUtf8(bytes.subarray(0, at))) at--
  const before = bytes.toString('utf8', 0, at).replace(/^\uFEFF/, '')
  const line = before.split('\n').length
  const column = before.length - before.lastIndexOf('\n')
  return { position: { file, line, column, endColumn: column + 1 }, byte: bytes[at]! }
}

/** Why the machine would not, in words. */
export function machineReason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code
  switch (code) {
    case 'ENOENT':
      return 'there is no such file'
    case 'EACCES':
    case 'EPERM':
      return 'permission denied'
    case 'EISDIR':
      return 'it is a folder'
    case 'ELOOP':
      return 'its symbolic links go round in a circle'
    case 'ENOTDIR':
      return 'a part of the path is not a folder'
    default:
      return (error as Error).message
  }
}
