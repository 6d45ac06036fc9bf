import type { Diagnostic } from './diagnostic.ts'
import { loadCodes } from './load-codes.ts'
import type { Entry, Node } from './load-node.ts'
import { problem } from './load-problem.ts'
import type { Text } from './load-text.ts'

export type JsonReading = { readonly node: Node | null; readonly problems: readonly Diagnostic[] }

/** Deeper is no document that a person wrote, and the readers are recursive. */
export const maxDepth = 100

/**
 * JSON (RFC 8259) with the place of each part. Stricter than `JSON.parse` where the RFC leaves a choice: a key twice
 * in one object and a number that JavaScript would change are errors.
 */
export function readJson(text: Text, from = 0, to = text.text.length): JsonReading {
  const reader = new Reader(text, from, to)
  try {
    return { node: reader.document(), problems: reader.problems }
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error
    const { at, length, message, hint } = error
    const diagnostic = problem(loadCodes.jsonSyntax, text.position(at, at + length), message, { hint })
    return { node: null, problems: [...reader.problems, diagnostic] }
  }
}

class SyntaxProblem extends Error {
  readonly at: number
  readonly length: number
  readonly hint: string | null
  constructor(at: number, length: number, message: string, hint: string | null) {
    super(message)
    this.at = at
    this.length = length
    this.hint = hint
  }
}

const TAB = 9
const LINE = 10
const RETURN = 13
const SPACE = 32
const QUOTE = 34
const COMMA = 44
const COLON = 58
const BACKSLASH = 92
const OPEN_LIST = 91
const CLOSE_LIST = 93
const OPEN_MAP = 123
const CLOSE_MAP = 125

/** One pass over the text. A class because its state is a cursor; it lives as long as one call of `readJson`. */
class Reader {
  readonly problems: Diagnostic[] = []
  readonly #origin: Text
  readonly #text: string
  readonly #to: number
  #at: number

  constructor(origin: Text, from: number, to: number) {
    this.#origin = origin
    this.#text = origin.text
    this.#at = from
    this.#to = to
  }

  document(): Node {
    this.#blank()
    const node = this.#value(0)
    this.#blank()
    if (this.#at < this.#to) this.#expected('nothing after the value')
    return node
  }

  #value(depth: number): Node {
    const code = this.#code()
    if (code === QUOTE) {
      const start = this.#at
      const value = this.#string()
      return { origin: this.#origin, start, end: this.#at, kind: 'scalar', value }
    }
    if (code === OPEN_MAP) return this.#map(depth)
    if (code === OPEN_LIST) return this.#list(depth)
    return this.#word()
  }

  #map(depth: number): Node {
    const start = this.#at++
    this.#guardDepth(depth, start)
    const entries = new Map<string, Entry>()
    this.#blank()
    if (this.#code() === CLOSE_MAP) {
      this.#at++
      return { origin: this.#origin, start, end: this.#at, kind: 'map', entries }
    }
    for (;;) {
      const keyStart = this.#at
      if (this.#code() !== QUOTE)
        this.#expected(entries.size > 0 ? 'a key in double quotes' : 'a key in double quotes, or }')
      const key = this.#string()
      const keyEnd = this.#at
      this.#blank()
      if (this.#code() !== COLON) this.#expected(`: after the key ${JSON.stringify(key)}`)
      this.#at++
      this.#blank()
      const node = this.#value(depth + 1)
      this.#keep(entries, key, { origin: this.#origin, start: keyStart, end: keyEnd, node })
      this.#blank()
      const code = this.#code()
      this.#at++
      if (code === CLOSE_MAP) return { origin: this.#origin, start, end: this.#at, kind: 'map', entries }
      if (code !== COMMA) {
        this.#at--
        this.#expected(', or } after the value')
      }
      this.#blank()
      if (this.#code() === CLOSE_MAP) this.#fail(this.#at, 1, 'a comma after the last value is not JSON', null)
    }
  }

  #list(depth: number): Node {
    const start = this.#at++
    this.#guardDepth(depth, start)
    const items: Node[] = []
    this.#blank()
    if (this.#code() === CLOSE_LIST) {
      this.#at++
      return { origin: this.#origin, start, end: this.#at, kind: 'list', items }
    }
    for (;;) {
      items.push(this.#value(depth + 1))
      this.#blank()
      const code = this.#code()
      this.#at++
      if (code === CLOSE_LIST) return { origin: this.#origin, start, end: this.#at, kind: 'list', items }
      if (code !== COMMA) {
        this.#at--
        this.#expected(', or ] after the value')
      }
      this.#blank()
      if (this.#code() === CLOSE_LIST) this.#fail(this.#at, 1, 'a comma after the last value is not JSON', null)
    }
  }

  #keep(entries: Map<string, Entry>, key: string, entry: Entry): void {
    const first = entries.get(key)
    const position = this.#origin.position(entry.start, entry.end)
    if (first !== undefined)
      this.problems.push(duplicateKey(key, position, this.#origin.position(first.start, first.end)))
    else if (key === '__proto__') this.problems.push(reservedKey(position))
    else entries.set(key, entry)
  }

  #string(): string {
    const start = this.#at
    const text = this.#text
    let simple = true
    for (let at = start + 1; at < this.#to; at++) {
      const code = text.charCodeAt(at)
      if (code === QUOTE) {
        this.#at = at + 1
        return simple ? text.slice(start + 1, at) : this.#unescape(start, at + 1)
      }
      if (code === BACKSLASH) {
        simple = false
        at++
      } else if (code < SPACE) {
        if (code === LINE || code === RETURN) break
        this.#fail(at, 1, 'a tab or control character inside of a text must be written as an escape, such as \\t', null)
      }
    }
    return this.#fail(start, 1, 'this text has no closing quote on its line', null)
  }

  #unescape(start: number, end: number): string {
    const raw = this.#text.slice(start, end)
    try {
      const value = JSON.parse(raw) as string
      if (!isWellFormed(value)) {
        this.problems.push(problem(loadCodes.brokenText, this.#origin.position(start, end), halfCharacter))
      }
      return value
    } catch {
      const bad = /^(?:[^\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/.exec(raw)![0].length
      const shown = raw.slice(bad, bad + 2)
      return this.#fail(start + bad, 2, `${shown} is no escape that JSON knows`, 'write a backslash as \\\\')
    }
  }

  #word(): Node {
    const start = this.#at
    const word = /[^\s,:{}[\]"]*/y
    word.lastIndex = start
    const found = word.exec(this.#text)![0].slice(0, this.#to - start)
    const node = (value: number | boolean | null): Node => {
      this.#at = start + found.length
      return { origin: this.#origin, start, end: this.#at, kind: 'scalar', value }
    }
    if (found === 'true') return node(true)
    if (found === 'false') return node(false)
    if (found === 'null') return node(null)
    if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(found)) {
      const value = Number(found)
      if (!exact(value)) this.problems.push(inexactNumber(found, this.#origin.position(start, start + found.length)))
      return node(value)
    }
    return this.#expected('a value', found)
  }

  #guardDepth(depth: number, at: number): void {
    if (depth < maxDepth) return
    this.#fail(at, 1, `values are nested more than ${maxDepth} deep`, null)
  }

  #blank(): void {
    for (; this.#at < this.#to; this.#at++) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== SPACE && code !== LINE && code !== RETURN && code !== TAB) return
    }
  }

  #code(): number {
    return this.#at < this.#to ? this.#text.charCodeAt(this.#at) : -1
  }

  #expected(wanted: string, found?: string): never {
    if (this.#at >= this.#to) this.#fail(this.#at, 1, `expected ${wanted}, got the end of the text`, null)
    const got = found || String.fromCodePoint(this.#text.codePointAt(this.#at)!)
    if (/^(?:\/[/*]|#)/.test(this.#text.slice(this.#at, this.#at + 2))) {
      this.#fail(this.#at, Math.max(got.length, 2), 'JSON has no comments', 'a .yaml document may have them')
    }
    const hint = got.startsWith("'") ? 'JSON has double quotes only' : null
    return this.#fail(this.#at, Math.min(got.length, 40), `expected ${wanted}, got ${got.slice(0, 40)}`, hint)
  }

  #fail(at: number, length: number, message: string, hint: string | null): never {
    throw new SyntaxProblem(at, length, message, hint)
  }
}

/** A lone surrogate has no UTF-8: two texts that differ could become one in the graph. */
export const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text)
export const halfCharacter = 'this text holds half of a character (a lone surrogate)'

/** False for a number that is not what was written: beyond 2^53 digits are lost. */
export const exact = (value: number): boolean =>
  Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))

export const inexactNumber = (written: string, position: Diagnostic['position']): Diagnostic =>
  problem(loadCodes.inexactNumber, position, `the number ${written} cannot be kept exactly`, {
    hint: 'write it as a text, in quotes',
  })

export function duplicateKey(key: string, second: Diagnostic['position'], first: Diagnostic['position']): Diagnostic {
  const related = first === null ? [] : [{ message: 'first written here', position: first }]
  return problem(loadCodes.duplicateKey, second, `the key ${JSON.stringify(key)} is written twice`, { related })
}

export const reservedKey = (position: Diagnostic['position']): Diagnostic =>
  problem(loadCodes.reservedKey, position, 'the key "__proto__" is refused: JavaScript gives it a meaning of its own')
