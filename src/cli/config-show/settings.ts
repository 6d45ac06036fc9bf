import { type DocPath, type Position, type Positions, pathText } from '../../config/positions.ts'
import type { JsonSchema } from '../../config/schema-json.ts'
import { TableFile } from '../../config/source.ts'

/** One value that holds. */
export type Setting = {
  readonly path: string
  /** As the document writes values; of a secret its reference alone. */
  readonly value: unknown
  /** `written` in the document; `default`; `follows`: another setting, whose path `from` is, says it. */
  readonly by: 'written' | 'default' | 'follows'
  readonly from: string | null
  readonly position: Position | null
}

/** Sections that hold also where nothing is written of them. The absence of others means that there is no such thing. */
const always: ReadonlySet<string> = new Set([
  'limits',
  'timeouts',
  'retry',
  'resolver',
  'envelopeLog',
  'tlsPolicy',
  'notifications',
])

/** One of several kinds of a thing: that it is not there says that the thing is of another kind. */
const kinds: ReadonlySet<string | number> = new Set(['ldap', 'radius', 'http', 'oauth', 'callout'])
const isKind = (path: DocPath): boolean => kinds.has(path.at(-1) ?? '')

type Written = { readonly value: unknown; readonly positions: Positions }

/**
 * All settings of a document in the order of the schema, in the document's own words. With `effective` those too that
 * nobody wrote: each key with a default of every object that is there.
 */
export function settingsOf(schema: JsonSchema, { value, positions }: Written, effective: boolean): Setting[] {
  const found: Setting[] = []
  const put = (path: DocPath, one: unknown): void => {
    found.push({ path: pathText(path), value: one, by: 'written', from: null, position: positions.value(path) })
  }

  const walk = (of: JsonSchema, one: unknown, path: DocPath): void => {
    if (one === undefined) absent(of, path)
    else if (one instanceof TableFile) put(path, `table of ${one.rows.length} rows (${one.file})`)
    else if (Array.isArray(one)) {
      if (one.every(isPlain)) put(path, one)
      else
        for (const [i, member] of one.entries())
          walk(shapeOf(of.items ?? pick(of, one)?.items ?? {}, member), member, [...path, i])
    } else if (isPlain(one) || of.title === 'secret' || '$secret' in (one as object)) put(path, one)
    else inside(of, one as object, path)
  }

  const inside = (of: JsonSchema, one: object, path: DocPath): void => {
    const shape = shapeOf(of, one)
    const known = Object.entries(shape.properties ?? {})
    const members = new Map(Object.entries(one))
    if (members.size === 0 && known.length === 0) put(path, one)
    for (const [key, inner] of known) {
      if (members.has(key) || path.length > 0 || always.has(key) || inner.default !== undefined)
        walk(inner, members.get(key), [...path, key])
      members.delete(key)
    }
    const others = typeof shape.additionalProperties === 'object' ? shape.additionalProperties : {}
    for (const [key, member] of members) walk(shapeOf(others, member), member, [...path, key])
  }

  const absent = (of: JsonSchema, path: DocPath): void => {
    if (!effective) return
    const words = /Default: (.+?)\.(?= |$)/.exec(of.description ?? '')?.[1]
    const setting = { path: pathText(path), position: null }
    if (of.default !== undefined) found.push({ ...setting, value: of.default, by: 'default', from: null })
    else if (of.properties !== undefined && (of.required ?? []).length === 0 && !isKind(path)) inside(of, {}, path)
    else if (words !== undefined) {
      const from = /^`([a-z][A-Za-z.]*)`$/.exec(words)?.[1] ?? null
      found.push({ ...setting, value: words.replaceAll('`', ''), by: from === null ? 'default' : 'follows', from })
    }
  }

  inside(schema, (value ?? {}) as object, [])
  return followed(found)
}

/** What follows another setting has its value. */
function followed(settings: readonly Setting[]): Setting[] {
  const values = new Map(settings.map(({ path, value }) => [path, value]))
  return settings.map((setting) => {
    if (setting.from === null) return setting
    // A word that is no path of a setting is the default itself.
    if (!values.has(setting.from)) return { ...setting, by: 'default', from: null }
    return { ...setting, value: values.get(setting.from) }
  })
}

const isPlain = (one: unknown): boolean => typeof one !== 'object' || one === null

/** Of alternatives the one that a value is written as. */
function shapeOf(of: JsonSchema, one: unknown): JsonSchema {
  return of.anyOf === undefined ? of : (pick(of, one) ?? of)
}

function pick(of: JsonSchema, one: unknown): JsonSchema | undefined {
  if (of.anyOf === undefined) return undefined
  if (Array.isArray(one)) return of.anyOf.find(({ type }) => type === 'array')
  if (isPlain(one)) return of.anyOf.find(({ type }) => type !== 'object' && type !== 'array')
  const keys = Object.keys(one as object)
  return of.anyOf.find(
    ({ properties, additionalProperties }) =>
      typeof additionalProperties === 'object' ||
      (properties !== undefined && keys.every((key) => Object.hasOwn(properties, key))),
  )
}
