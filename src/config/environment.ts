import type { Diagnostic } from './diagnostic.ts'
import { loadCodes } from './load-codes.ts'
import { type Entry, type Node, placeOf, type Spot } from './load-node.ts'
import { problem } from './load-problem.ts'
import { type DocPath, pathText } from './positions.ts'
import { didYouMean } from './suggest.ts'

/** What the `$env` choices of all files of a document say of environments, to find a misspelt `--env`. */
export type Environments = {
  /** `--env NAME`, or `null`: take what `default` says. */
  readonly chosen: string | null
  readonly named: Set<string>
}

/**
 * Replaces each `{ $env: { prod: ..., default: ... } }` by the value for the chosen environment. Names in branches that
 * are not taken are noted too: they are known names all the same.
 */
export function chooseEnvironment(root: Node, environments: Environments, problems: Diagnostic[]): Node {
  const resolve = (node: Node, path: DocPath): Node => {
    if (node.kind === 'list') {
      const items = node.items.map((item, i) => resolve(item, [...path, i]))
      return items.every((item, i) => item === node.items[i]) ? node : { ...node, items }
    }
    if (node.kind !== 'map') return node
    const choices = node.entries.get('$env')
    if (choices !== undefined) return choose(node, choices, path)
    let changed = false
    const entries = new Map<string, Entry>()
    for (const [key, entry] of node.entries) {
      const inner = resolve(entry.node, [...path, key])
      if (inner !== entry.node) changed = true
      entries.set(key, inner === entry.node ? entry : { ...entry, node: inner })
    }
    return changed ? { ...node, entries } : node
  }

  const choose = (node: Node & { kind: 'map' }, choices: Entry, path: DocPath): Node => {
    const wrong = (code: string, spot: Spot, message: string, hint: string | null = null): Node => {
      const at = pathText(path)
      problems.push(
        problem(code, placeOf(spot) ?? placeOf(node), at === '' ? message : `${at}: ${message}`, { path: at, hint }),
      )
      return { origin: node.origin, start: node.start, end: node.end, kind: 'scalar', value: null }
    }
    const extra = [...node.entries].find(([key]) => key !== '$env')
    if (extra !== undefined) {
      const hint = 'an environment chooses a whole value; put the other keys into each choice'
      return wrong(loadCodes.environmentForm, extra[1], `expected $env alone, got "${extra[0]}" beside it`, hint)
    }
    const { node: map } = choices
    if (map.kind !== 'map' || map.entries.size === 0) {
      return wrong(
        loadCodes.environmentForm,
        map,
        'expected $env to hold a value for each environment, as in { prod: ..., default: ... }',
      )
    }
    // All branches are walked, so that each name is known and each nested choice is sound.
    const quiet: Diagnostic[] = []
    for (const [name, { node: branch }] of map.entries) {
      if (name !== 'default') environments.named.add(name)
      if (name !== environments.chosen && name !== 'default') chooseEnvironment(branch, { ...environments }, quiet)
    }
    const taken = environments.chosen === null ? undefined : map.entries.get(environments.chosen)
    const entry = taken ?? map.entries.get('default')
    if (entry !== undefined) return resolve(entry.node, path)
    const names = [...map.entries.keys()].join(', ')
    return environments.chosen === null
      ? wrong(
          loadCodes.environmentMissing,
          choices,
          `the choice has ${names} and no default`,
          `say which: --env ${[...map.entries.keys()][0]}`,
        )
      : wrong(
          loadCodes.environmentMissing,
          choices,
          `has no value for the environment "${environments.chosen}", and no default (it has ${names})`,
        )
  }
  return resolve(root, [])
}

/** A name that no `$env` knows would silently take every default. */
export function unknownEnvironment(environments: Environments): Diagnostic | null {
  const { chosen, named } = environments
  if (chosen === null || named.has(chosen)) return null
  const known = [...named].sort()
  const message =
    known.length === 0
      ? `--env ${chosen} was given, but the document has no choice by environment`
      : `no part of the document knows the environment "${chosen}"`
  return problem(loadCodes.environmentUnknown, null, message, {
    hint: known.length === 0 ? null : (didYouMean(chosen, known) ?? `it knows ${known.join(', ')}`),
  })
}
