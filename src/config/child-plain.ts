import { type Given, isObject, type Mark, type Marks } from './child-marks.ts'
import type { Diagnostic } from './diagnostic.ts'
import { exact, halfCharacter, isWellFormed, maxDepth } from './json.ts'
import { loadCodes } from './load-codes.ts'
import { problem } from './load-problem.ts'
import { type DocPath, type Position, pathText } from './positions.ts'

export type Plain = {
  readonly value: unknown
  /** Two marks for each value, key and value, in the order in which `JSON.stringify` writes them. */
  readonly marks: readonly Mark[]
  readonly problems: readonly Diagnostic[]
}

const maxProblems = 50

/** What a document evaluated to, as data that JSON can carry. Whatever JSON would drop or change in silence is an error. */
export function plainOf(
  root: unknown,
  rootMark: Mark,
  marks: Marks,
  positionOf: (mark: Mark) => Position | null,
): Plain {
  const problems: Diagnostic[] = []
  const out: Mark[] = []
  const open = new Set<object>()

  const complain = (code: string, path: DocPath, at: Mark, message: string, hint: string | null = null): null => {
    const text = pathText(path)
    if (problems.length < maxProblems) {
      problems.push(problem(code, positionOf(at), text === '' ? message : `${text}: ${message}`, { path: text, hint }))
    }
    return null
  }

  const walk = (value: unknown, path: DocPath, key: Mark, at: Mark, above: readonly Given[]): unknown => {
    const self =
      at >= 0
        ? at
        : isObject(value)
          ? (marks.notes.get(value)?.self ?? -1)
          : givenMark(value, path.at(-1), above, marks)
    out.push(key, self)
    // The nearest place that is known: a computed value has none of its own.
    const near = self >= 0 ? self : nearest
    const before = nearest
    nearest = near
    const result = visit(value, path, near, above)
    nearest = before
    return result
  }
  let nearest: Mark = -1

  const visit = (value: unknown, path: DocPath, at: Mark, above: readonly Given[]): unknown => {
    switch (typeof value) {
      case 'string':
        return isWellFormed(value) ? value : complain(loadCodes.brokenText, path, at, halfCharacter)
      case 'boolean':
        return value
      case 'number':
        return exact(value)
          ? value
          : complain(loadCodes.inexactNumber, path, at, `expected a number that can be kept exactly, got ${value}`)
      case 'undefined':
        return complain(loadCodes.notPlain, path, at, 'expected a value, got undefined')
      case 'function': {
        if (path.length === 0) {
          const hint = 'export the object itself: defineConfig({ ... }); byEnv() chooses by environment'
          return complain(loadCodes.notPlain, path, at, 'expected the document, got a function', hint)
        }
        const name = value.name === '' ? '' : ` ${value.name}`
        const hint = value.name === '' ? null : `did you mean to call it: ${value.name}()`
        return complain(loadCodes.notPlain, path, at, `expected plain data, got the function${name}`, hint)
      }
      case 'bigint':
      case 'symbol':
        return complain(loadCodes.notPlain, path, at, `expected plain data, got a ${typeof value}`)
    }
    if (value === null) return null
    const object = value as object
    if (open.has(object)) return complain(loadCodes.cycle, path, at, 'this value contains itself')
    if (path.length > maxDepth)
      return complain(loadCodes.tooDeep, path, at, `values are nested more than ${maxDepth} deep`)
    const strange = strangeKind(object)
    if (strange !== null) return complain(loadCodes.notPlain, path, at, `expected plain data, got ${strange}`)
    open.add(object)
    const result = Array.isArray(object)
      ? list(object, path, above)
      : map(object as Record<string, unknown>, path, above)
    open.delete(object)
    return result
  }

  const list = (value: readonly unknown[], path: DocPath, above: readonly Given[]): unknown[] => {
    const note = marks.notes.get(value)
    const given = note === undefined ? above : note.given
    return Array.from(value, (item, i) => walk(item, [...path, i], -1, note?.items?.[i] ?? -1, given))
  }

  const map = (value: Record<string, unknown>, path: DocPath, above: readonly Given[]): Record<string, unknown> => {
    const note = marks.notes.get(value)
    const given = note === undefined ? above : note.given
    const result: Record<string, unknown> = {}
    for (const key of Object.keys(value)) {
      const item = value[key]
      // `port: wanted ? 2525 : undefined` leaves the key out, as the types say.
      if (item === undefined) continue
      const [keyMark, valueMark] = note?.keys?.get(key) ?? [-1, -1]
      if (key === '__proto__') {
        complain(
          loadCodes.reservedKey,
          path,
          keyMark,
          'the key "__proto__" is refused: JavaScript gives it a meaning of its own',
        )
        continue
      }
      result[key] = walk(item, [...path, key], keyMark, valueMark, given)
    }
    return result
  }

  const own = isObject(root) ? (marks.notes.get(root)?.self ?? -1) : -1
  const value = walk(root, [], -1, own >= 0 ? own : rootMark, [])
  return { value, marks: out, problems }
}

function strangeKind(value: object): string | null {
  if (Array.isArray(value)) return null
  const proto: unknown = Object.getPrototypeOf(value)
  if (value instanceof Promise) return 'a Promise'
  const symbol = Object.getOwnPropertySymbols(value)[0]
  if (symbol === Symbol.toStringTag) return 'a whole module'
  if (symbol !== undefined) return `an object with the key ${String(symbol)}`
  if (proto === null || proto === Object.prototype) return null
  const name: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name
  return typeof name === 'string' && name !== '' && name !== 'Object' ? `a ${name}` : 'an object of a class'
}

/** Which argument of the builder's call a computed value came from: `'brat'` of `via('brat')`. -1 when it is not clear. */
function givenMark(value: unknown, key: string | number | undefined, given: readonly Given[], marks: Marks): Mark {
  const same = given.find((argument) => argument.value === value)
  if (same !== undefined) return same.mark
  for (const argument of given) {
    if (!isObject(argument.value) || key === undefined) continue
    const note = marks.notes.get(argument.value)
    const found = typeof key === 'number' ? note?.items?.[key] : note?.keys?.get(key)?.[1]
    if (found !== undefined && (argument.value as Record<string | number, unknown>)[key] === value) return found
  }
  // `env.secret('NAME')` gives `env:NAME`.
  const [only] = given
  if (given.length !== 1 || typeof value !== 'string') return -1
  const part = isObject(only!.value) ? JSON.stringify(only!.value) : String(only!.value)
  return part !== '' && value.includes(part) ? only!.mark : -1
}
