import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import type { Diagnostic } from './diagnostic.ts'
import { duplicateKey, exact, halfCharacter, inexactNumber, isWellFormed, maxDepth, reservedKey } from './json.ts'
import { loadCodes } from './load-codes.ts'
import type { Entry, Node } from './load-node.ts'
import { problem } from './load-problem.ts'
import type { Text } from './load-text.ts'
import { yamlProblems } from './yaml-problem.ts'

export type YamlReading = { readonly node: Node | null; readonly problems: readonly Diagnostic[] }

/** Parsing with positions costs a hundred times what a table costs: 100,000 entries take 5 s. */
const manyEntries = 5_000
/** What aliases may add when they are written out: enough for a person, too little for a "billion laughs". */
const maxAliased = 10_000

/**
 * YAML 1.2, core schema, one document. Left out on purpose: `%YAML 1.1` (in which `no` is false and `010` is 8),
 * merge keys, tags of any kind but the core ones, keys that are no plain scalars.
 */
export function readYaml(text: Text): YamlReading {
  // `uniqueKeys` of the parser compares each key with each other one: 20,000 domains would take 5 s.
  const document = parseDocument(text.text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    resolveKnownTags: false,
    strict: true,
    prettyErrors: false,
    keepSourceTokens: false,
    // 'silent' would also keep silent about a second document.
    logLevel: 'error',
  }) as Document.Parsed
  const problems = yamlProblems(document, text)
  if (problems.length > 0) return { node: null, problems }

  const conversion = new Conversion(text)
  const node = document.contents === null ? null : conversion.node(document.contents, 0).node
  if (conversion.entries > manyEntries) {
    const message = `this file has ${conversion.entries} entries; YAML is slow to read above ${manyEntries}`
    const hint = 'keep long lists in a table: { $table: file.tsv } reads 100,000 rows in a tenth of a second'
    const position = text.position(0, 1)
    conversion.problems.push(problem(loadCodes.manyEntries, position, message, { severity: 'warning', hint }))
  }
  return { node, problems: conversion.problems }
}

type Sized = { readonly node: Node; readonly size: number }

/** From the parser's nodes to ours, in the order of the text, so that an anchor is known before its aliases. */
class Conversion {
  readonly problems: Diagnostic[] = []
  entries = 0
  #aliased = 0
  readonly #origin: Text
  /** `null`: being read, so that an alias to it is a circle. */
  readonly #anchors = new Map<string, Sized | null>()

  constructor(origin: Text) {
    this.#origin = origin
  }

  node(source: unknown, depth: number): Sized {
    if (isAlias(source)) return this.#alias(source)
    const anchor = (source as Scalar | null)?.anchor
    if (anchor !== undefined) this.#anchors.set(anchor, null)
    const sized = this.#plain(source, depth)
    if (anchor !== undefined) this.#anchors.set(anchor, sized)
    return sized
  }

  #plain(source: unknown, depth: number): Sized {
    const [start, end] = rangeOf(source)
    if (depth > maxDepth) {
      this.#wrong(loadCodes.tooDeep, start, start + 1, `values are nested more than ${maxDepth} deep`)
      return this.#nothing(start, end)
    }
    if (isMap(source)) return this.#map(source, depth)
    if (isSeq(source)) return this.#list(source, depth)
    if (!isScalar(source)) return this.#nothing(start, end)
    return { node: this.#scalar(source, start, end), size: 1 }
  }

  #scalar(source: Scalar, start: number, end: number): Node {
    let value = source.value
    if (typeof value === 'number' && !exact(value)) {
      this.problems.push(inexactNumber(source.source ?? String(value), this.#origin.position(start, end)))
    }
    if (typeof value === 'string' && !isWellFormed(value)) {
      this.#wrong(loadCodes.brokenText, start, end, halfCharacter)
    }
    if (value === undefined) value = null
    return { origin: this.#origin, start, end, kind: 'scalar', value: value as string | number | boolean | null }
  }

  #map(source: YAMLMap, depth: number): Sized {
    const [start, end] = rangeOf(source)
    const entries = new Map<string, Entry>()
    let size = 1
    for (const pair of source.items) {
      this.entries++
      const key = this.#key(pair.key)
      if (key === null) continue
      const value = this.#pairValue(pair.value, key, depth)
      size += value.size
      const entry: Entry = { origin: this.#origin, start: key.start, end: key.end, node: value.node }
      const first = entries.get(key.text)
      const position = this.#origin.position(key.start, key.end)
      if (first !== undefined) {
        this.problems.push(duplicateKey(key.text, position, this.#origin.position(first.start, first.end)))
      } else if (key.text === '__proto__') {
        this.problems.push(reservedKey(position))
      } else {
        entries.set(key.text, entry)
      }
    }
    return { node: { origin: this.#origin, start, end, kind: 'map', entries }, size }
  }

  /** A key without any text after it has the value null; its place is the key's, there is nothing else to point at. */
  #pairValue(value: unknown, key: { start: number; end: number }, depth: number): Sized {
    const [start, end] = rangeOf(value)
    const empty = value === null || (isScalar(value) && value.value === null && end <= start)
    return empty && !hasAnchor(value) ? this.#nothing(key.start, key.end) : this.node(value, depth + 1)
  }

  #key(key: unknown): { text: string; start: number; end: number } | null {
    const [start, end] = rangeOf(key)
    if (!isScalar(key)) {
      const message = isAlias(key) ? 'an alias cannot be a key' : 'a key must be a text, not a list or a mapping'
      // Not quoting `*.example.com` and `*` is the commonest slip in a table of domains.
      const hint = isAlias(key) ? 'put a pattern such as "*.example.com" in quotes' : null
      this.#wrong(loadCodes.yamlKey, start, end, message, hint)
      return null
    }
    if (key.type === 'PLAIN' && key.source === '<<') {
      const hint = 'include another file, or name an anchor where its value is wanted'
      this.#wrong(loadCodes.yamlMerge, start, end, 'merge keys (<<) are not part of YAML 1.2', hint)
      return null
    }
    if (key.value === null && end <= start) {
      this.#wrong(loadCodes.yamlKey, start, start + 1, 'expected a key before the colon')
      return null
    }
    // `2525:` and `true:` are texts as keys, as in JSON and TypeScript.
    return { text: typeof key.value === 'string' ? key.value : (key.source ?? String(key.value)), start, end }
  }

  #list(source: YAMLSeq, depth: number): Sized {
    const [start, end] = rangeOf(source)
    let size = 1
    const items: Node[] = []
    for (const item of source.items) {
      this.entries++
      const sized = this.node(item, depth + 1)
      size += sized.size
      items.push(sized.node)
    }
    return { node: { origin: this.#origin, start, end, kind: 'list', items }, size }
  }

  #alias(alias: Alias.Parsed | Alias): Sized {
    const [start, end] = rangeOf(alias)
    const target = this.#anchors.get(alias.source)
    if (target === undefined) {
      const hint = 'put a text that begins with * in quotes'
      this.#wrong(loadCodes.yamlAlias, start, end, `there is no anchor &${alias.source} above this alias`, hint)
      return this.#nothing(start, end)
    }
    if (target === null) {
      this.#wrong(
        loadCodes.yamlAlias,
        start,
        end,
        `the alias *${alias.source} stands inside of the value that it names`,
      )
      return this.#nothing(start, end)
    }
    this.#aliased += target.size
    if (this.#aliased > maxAliased) {
      if (this.#aliased - target.size <= maxAliased) {
        this.#wrong(loadCodes.yamlAlias, start, end, `aliases add more than ${maxAliased} values to this document`)
      }
      return this.#nothing(start, end)
    }
    return { node: { ...target.node, start, end }, size: target.size }
  }

  #nothing(start: number, end: number): Sized {
    return { node: { origin: this.#origin, start, end, kind: 'scalar', value: null }, size: 1 }
  }

  #wrong(code: string, start: number, end: number, message: string, hint: string | null = null): void {
    this.problems.push(problem(code, this.#origin.position(start, end), message, { hint }))
  }
}

const hasAnchor = (node: unknown): boolean => isScalar(node) && node.anchor !== undefined

function rangeOf(node: unknown): [start: number, end: number] {
  const range = (node as { range?: [number, number, number] | null } | null)?.range
  return range ? [range[0], range[1]] : [0, 0]
}
