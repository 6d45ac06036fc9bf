/**
 * Where things were written in the modules of a document, noted while they run. `child-visitor.ts` puts a call of one of
 * these functions around each literal and call; the notes hang on the identity of the objects, so that they follow an
 * object through builders, loops and variables. All of this runs in the restricted child process only.
 */

/** Number of a place in `Marks.places`; -1 is no place. */
export type Mark = number

/** What is known of one object: its own place and those of its keys and values (of items: `keys` is null). */
export type Note = {
  readonly self: Mark
  readonly keys: ReadonlyMap<string, readonly [key: Mark, value: Mark]> | null
  readonly items: readonly Mark[] | null
  /** The arguments of the call that made the object, for what no literal in the document says. */
  readonly given: readonly Given[]
}
export type Given = { readonly mark: Mark; readonly value: unknown }

export type Part =
  | { readonly kind: 'plain'; readonly keys: ReadonlyMap<string, readonly [Mark, Mark]> }
  | { readonly kind: 'computed'; readonly key: Mark; readonly value: Mark }
  | { readonly kind: 'spread'; readonly mark: Mark }
export type Literal = { readonly self: Mark; readonly parts: readonly Part[] }
export type Row = { readonly self: Mark; readonly parts: readonly (readonly Mark[] | { readonly spread: Mark })[] }
export type Site = { readonly self: Mark; readonly callee: string; readonly arguments: readonly Mark[] | null }

export type Marks = {
  readonly files: string[]
  /** Four numbers a place: index of the file, line and column from 1, end column. */
  readonly places: number[]
  readonly notes: WeakMap<object, Note>
  readonly literals: Literal[]
  readonly rows: Row[]
  readonly sites: Site[]
  /** What each module exports by default. */
  readonly exported: Map<string, Mark>
  /** The last thing thrown that is no Error and so has no stack. */
  thrown: { readonly value: unknown; readonly mark: Mark } | null
}

export const newMarks = (): Marks => ({
  files: [],
  places: [],
  notes: new WeakMap(),
  literals: [],
  rows: [],
  sites: [],
  exported: new Map(),
  thrown: null,
})

export function addMark(marks: Marks, file: string, line: number, column: number, endColumn: number): Mark {
  let index = marks.files.lastIndexOf(file)
  if (index < 0) index = marks.files.push(file) - 1
  return marks.places.push(index, line, column, endColumn) / 4 - 1
}

/** The functions that the visitor's code calls, under these names. */
export type Hooks = {
  $object(literal: number, value: object): object
  $merge(literal: number, ...parts: unknown[]): object
  $list(row: number, value: unknown[]): unknown[]
  $join(row: number, ...parts: Iterable<unknown>[]): unknown[]
  $call(site: number, callee: unknown, ...given: unknown[]): unknown
  $method(site: number, owner: unknown, name: PropertyKey, ...given: unknown[]): unknown
  $set(key: Mark, value: Mark, owner: object, name: PropertyKey, given: unknown): unknown
  $throw(mark: Mark, thrown: unknown): unknown
  $json(file: string, mark: Mark): unknown
}

/** @param readJson gives the value of an imported JSON file, with notes; throws when there is none */
export function hooksOf(marks: Marks, readJson: (file: string, mark: Mark) => unknown): Hooks {
  const { notes } = marks
  const known = (value: unknown): Note | undefined => (isObject(value) ? notes.get(value) : undefined)

  const noteKey = (owner: object, name: PropertyKey, key: Mark, value: Mark): void => {
    if (typeof name === 'symbol') return
    const note = notes.get(owner)
    if (Array.isArray(owner)) {
      const items = [...(note?.items ?? [])]
      items[Number(name)] = value
      notes.set(owner, { self: -1, given: [], ...note, keys: null, items })
    } else {
      const keys = new Map(note?.keys ?? [])
      keys.set(String(name), [key, value])
      notes.set(owner, { self: -1, given: [], ...note, keys, items: null })
    }
  }

  /** Notes of what a spread or `Object.assign` copies; what has none was written, for all we know, at `mark`. */
  const copied = (from: unknown, into: Map<string, readonly [Mark, Mark]>, mark: Mark): void => {
    if (!isObject(from)) return
    const note = notes.get(from)
    for (const name of Object.keys(from)) {
      const part = (from as Record<string, unknown>)[name]
      const [key, value] = note?.keys?.get(name) ?? [mark, known(part)?.self ?? mark]
      into.set(name, [key, value])
    }
  }

  const made = (site: Site, result: unknown, given: readonly unknown[]): void => {
    if (!isObject(result) || notes.has(result)) return
    const list = given.map((value, i) => ({ mark: site.arguments?.[i] ?? -1, value }))
    notes.set(result, { self: site.self, keys: null, items: null, given: list })
  }

  const entriesOf = (result: object, pairs: unknown): void => {
    if (!Array.isArray(pairs)) return
    const keys = new Map<string, readonly [Mark, Mark]>()
    for (const pair of pairs) {
      const items = known(pair)?.items
      if (items !== undefined && items !== null)
        keys.set(String((pair as unknown[])[0]), [items[0] ?? -1, items[1] ?? -1])
    }
    const note = notes.get(result)
    if (note !== undefined) notes.set(result, { ...note, keys })
  }

  return {
    $object(literal, value) {
      const { self, parts } = marks.literals[literal]!
      const [part] = parts
      notes.set(value, { self, keys: part?.kind === 'plain' ? part.keys : new Map(), items: null, given: [] })
      return value
    },
    $merge(literal, ...values) {
      const { self, parts } = marks.literals[literal]!
      const result = {}
      const keys = new Map<string, readonly [Mark, Mark]>()
      for (const [i, part] of parts.entries()) {
        const value = values[i]
        if (part.kind === 'spread') {
          for (const name of isObject(value) ? Object.keys(value) : []) keys.delete(name)
          copied(value, keys, part.mark)
          Object.assign(result, value)
          continue
        }
        Object.defineProperties(result, Object.getOwnPropertyDescriptors(value as object))
        if (part.kind === 'plain') for (const [name, places] of part.keys) keys.set(name, places)
        else for (const name of Object.keys(value as object)) keys.set(name, [part.key, part.value])
      }
      notes.set(result, { self, keys, items: null, given: [] })
      return result
    },
    $list(row, value) {
      const { self, parts } = marks.rows[row]!
      const [items] = parts
      notes.set(value, { self, keys: null, items: Array.isArray(items) ? items : [], given: [] })
      return value
    },
    $join(row, ...values) {
      const { self, parts } = marks.rows[row]!
      const result: unknown[] = []
      const items: Mark[] = []
      for (const [i, part] of parts.entries()) {
        const before = result.length
        result.push(...values[i]!)
        const places = 'spread' in part ? known(values[i])?.items : part
        for (let at = before; at < result.length; at++) {
          items.push(places?.[at - before] ?? known(result[at])?.self ?? ('spread' in part ? part.spread : -1))
        }
      }
      notes.set(result, { self, keys: null, items, given: [] })
      return result
    },
    $call(number, callee, ...given) {
      const site = marks.sites[number]!
      if (typeof callee !== 'function') throw new TypeError(`${site.callee} is not a function`)
      const result: unknown = callee(...given)
      made(site, result, given)
      return result
    },
    $method(number, owner, name, ...given) {
      const site = marks.sites[number]!
      const method = (owner as Record<PropertyKey, unknown>)[name]
      if (typeof method !== 'function') throw new TypeError(`${site.callee} is not a function`)
      const before = Array.isArray(owner) ? owner.length : 0
      const result: unknown = Reflect.apply(method, owner, given)
      made(site, result, given)
      if (name === 'push' && Array.isArray(owner)) {
        for (let i = 0; before + i < owner.length; i++) noteKey(owner, before + i, -1, site.arguments?.[i] ?? site.self)
      }
      if (method === Object.fromEntries && isObject(result)) entriesOf(result, given[0])
      if (method === Object.assign && isObject(result)) {
        const keys = new Map(notes.get(result)?.keys ?? [])
        for (const [i, from] of given.entries()) if (i > 0) copied(from, keys, site.arguments?.[i] ?? site.self)
        notes.set(result, { self: site.self, items: null, given: [], ...notes.get(result), keys })
      }
      return result
    },
    $set(key, value, owner, name, given) {
      ;(owner as Record<PropertyKey, unknown>)[name] = given
      if (isObject(owner)) noteKey(owner, name, key, value)
      return given
    },
    $throw(mark, value) {
      if (!(value instanceof Error)) marks.thrown = { value, mark }
      return value
    },
    $json: readJson,
  }
}

export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
