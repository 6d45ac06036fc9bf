import { elementsOfClaims } from './claims.ts'
import type { Graph } from './graph.ts'
import { byCodeUnits } from './pattern.ts'
import { rewritingElements } from './rewriting-elements.ts'

/**
 * Where the elements of a graph were written, beside the graph and not in it. Files are relative to the document's
 * folder; `places` are sorted by `at`, `file` is an index into `files`, line and column count from 1.
 */
export type Sources = {
  readonly files: readonly string[]
  readonly places: readonly (readonly [at: string, file: number, line: number, column: number])[]
}

export type Place = { readonly file: string; readonly line: number; readonly column: number }

export const noSources: Sources = { files: [], places: [] }

/** Every `at` of a graph, sorted, once. */
export function elementsOf(graph: Graph): string[] {
  const found = new Set<string>(elementsOfClaims(graph.claims))
  for (const node of graph.nodes) {
    if (node.at) found.add(node.at)
    if (node.kind === 'table') for (const [, , at] of node.rows) if (at !== '') found.add(at)
  }
  return [...found].sort(byCodeUnits)
}

/** The element around one: `clients.lan` of `clients.lan.senders`, `deny` of `deny[2]`; `null` for a whole section. */
export function elementAround(at: string): string | null {
  const last = /(?:\.[\w$-]+|\[(?:\d+|"(?:[^"\\]|\\.)*")\])$/.exec(at)
  return last === null || last.index === 0 ? null : at.slice(0, last.index)
}

/** The place of an element, or of the nearest one around it that has one: what is left to a default stands nowhere. */
export function nearest<T>(at: string, placeOf: (at: string) => T | null): T | null {
  for (let element: string | null = at; element !== null; element = elementAround(element)) {
    const place = placeOf(element)
    if (place !== null) return place
  }
  return null
}

/** `placeOf` says where an element was written, its file already relative to the document's folder, or `null`. */
export function sourcesOf(graph: Graph, placeOf: (at: string) => Place | null): Sources {
  const files: string[] = []
  const indexes = new Map<string, number>()
  const places: [string, number, number, number][] = []
  // Relays decide nothing, but what a change does to mail may be that a relay is another.
  const relays = graph.control.relays.map(({ name }) => `relays.${name}`)
  for (const at of [...elementsOf(graph), ...relays, ...rewritingElements(graph.control)].sort(byCodeUnits)) {
    const place = nearest(at, placeOf)
    if (place === null) continue
    let file = indexes.get(place.file)
    if (file === undefined) {
      file = files.push(place.file) - 1
      indexes.set(place.file, file)
    }
    places.push([at, file, place.line, place.column])
  }
  return { files, places }
}

/** Looks an element up. `places` are sorted: nothing is made of a hundred thousand of them to find a few. */
export function placeFinder({ files, places }: Sources): (at: string) => Place | null {
  return (at) => {
    let low = 0
    let high = places.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (places[middle]![0] < at) low = middle + 1
      else high = middle
    }
    const place = places[low]
    return place?.[0] === at ? { file: files[place[1]]!, line: place[2], column: place[3] } : null
  }
}
