import { ok, type Result, wrong } from '../mail/result.ts'
import { canonicalJson, hashText, sortedJson } from './canonical.ts'
import { checkGraph } from './check-graph.ts'
import { isSorted } from './check-order.ts'
import type { Graph } from './graph.ts'
import { type Check, line, listOf, oneOf, record, ShapeError, text, whole } from './shape.ts'
import type { Sources } from './sources.ts'

/** What travels to a gateway: a graph, its name, and where its elements were written. The hash covers the graph alone. */
export type Bundle = {
  readonly format: 'mailgw-bundle/1'
  readonly hash: string
  readonly graph: Graph
  readonly sources: Sources
  /** For people: version of the compiler, file of the document, environment. Decides nothing. */
  readonly meta: Readonly<Record<string, string>>
}

export function makeBundle(graph: Graph, sources: Sources, meta: Bundle['meta'] = {}): Bundle {
  return { format: 'mailgw-bundle/1', hash: hashText(canonicalJson(graph)), graph, sources, meta }
}

/** One line of canonical JSON. */
export const writeBundle = (bundle: Bundle): string => `${canonicalJson(bundle)}\n`

const place: Check = (value, where) => {
  if (!Array.isArray(value) || value.length !== 4) throw new ShapeError(where, '[at, file, line, column]', value)
  if (typeof value[0] !== 'string') throw new ShapeError(where, 'a path in the document', value[0])
  for (const number of value.slice(1)) whole(0, 2 ** 31 - 1)(number, where)
}
const sources = record({ files: listOf(line), places: listOf(place) })
const frame = record({
  format: oneOf('mailgw-bundle/1'),
  hash: text(/^g1:[a-z2-7]{52}$/, 'a graph hash'),
  graph: () => {},
  sources,
  meta: (value, where) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new ShapeError(where, 'an object', value)
    for (const member of Object.values(value)) line(member, where)
  },
})

/**
 * Reads what claims to be a bundle. It may come over a socket from anybody with access to it: nothing of it is used
 * before all of it is checked, the hash too. The error is one sentence.
 */
export function readBundle(bundleText: string): Result<Bundle> {
  let value: unknown
  try {
    value = JSON.parse(bundleText)
  } catch (error) {
    return wrong(`not a bundle: ${(error as Error).message}`)
  }
  try {
    frame(value, 'bundle')
    const bundle = value as Bundle
    checkGraph(bundle.graph)
    checkSources(bundle.sources)
    // A string that is not in NFC would hash like another one.
    const graphText = sortedJson(bundle.graph)
    if (graphText.normalize('NFC') !== graphText) return wrong('not a bundle: the graph is not in NFC')
    const hash = hashText(graphText)
    if (hash !== bundle.hash) return wrong(`not a bundle: it says ${bundle.hash}, its graph is ${hash}`)
    return ok(bundle)
  } catch (error) {
    if (error instanceof ShapeError) return wrong(`not a bundle: ${error.message}`)
    throw error
  }
}

function checkSources({ files, places }: Sources): void {
  if (!isSorted(places.map(([at]) => at)))
    throw new ShapeError('bundle.sources.places', 'places sorted, each once', places)
  for (const [at, file] of places) {
    if (file >= files.length) throw new ShapeError('bundle.sources.places', `a file for ${at}`, file)
  }
}
