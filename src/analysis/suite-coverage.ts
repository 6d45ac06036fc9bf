import { leafText, oracleName } from '../graph/explanation.ts'
import { edgesOf, type Graph, isLeaf, type Node, type Outcome, type Stage } from '../graph/graph.ts'
import { placeFinder, type Sources } from '../graph/sources.ts'
import type { CaseResult } from './suite-run.ts'

/**
 * What tests have reached of a graph. Lines of the document would say nothing: one loop writes ten thousand routes.
 *
 * `elements`   everything with a name in the document that can decide
 * `rows`       rows of tables, by element and pattern
 * `terminals`  ends of walks: each refusal, relay, host, maildir
 * `outcomes`   answers of oracles, three each
 */
export type Coverage = Readonly<Record<'elements' | 'rows' | 'terminals' | 'outcomes', Share>>

export type Share = { readonly all: number; readonly covered: number; readonly missing: readonly Missing[] }

/** Something that no test has reached. Line and column are 0 where the place is not known. */
export type Missing = {
  readonly at: string
  /** A pattern, an answer, or an end in words; `null` for an element as a whole. */
  readonly what: string | null
  readonly file: string | null
  readonly line: number
  readonly column: number
}

/** No test describes the address that a delivery connects to, so rules on that are left out. */
const asked: readonly Stage[] = ['connect', 'helo', 'auth', 'mail', 'rcpt', 'data', 'message', 'route']

export function coverageOf(graph: Graph, sources: Sources, results: readonly CaseResult[]): Coverage {
  const elements = new Tally()
  const rows = new Tally()
  const terminals = new Tally()
  const outcomes = new Tally()
  for (const node of reachable(graph)) {
    for (const part of partsOf(node)) {
      elements.add(part.at, part.at, null)
      if (part.pattern !== null) rows.add(rowKey(part.at, part.pattern), part.at, part.pattern)
    }
    if (isLeaf(node) && node.kind !== 'next') terminals.add(leafKey(node), node.at ?? '', leafText(node))
    if (node.kind === 'oracle') {
      for (const outcome of ['listed', 'clear', 'error'] as const) {
        outcomes.add(outcomeKey(node, outcome), node.at, `${oracleName(node.oracle)}=${outcome}`)
      }
    }
  }
  for (const { walks } of results.flatMap(({ endings }) => endings)) {
    for (const { at, path } of walks) {
      // The winner of a walk, whatever kind of node it stands on.
      elements.hit(at)
      for (const { node: id, took } of path) {
        const node = graph.nodes[id]!
        if (isLeaf(node)) {
          terminals.hit(leafKey(node))
          if (node.at !== null) elements.hit(node.at)
        } else if (node.kind === 'table') {
          const row = took === null ? undefined : node.rows.find(([pattern]) => pattern === took)
          if (row !== undefined && row[2] !== '') {
            elements.hit(row[2])
            rows.hit(rowKey(row[2], row[0]))
          }
        } else if (node.kind === 'oracle' && took !== null) {
          elements.hit(node.at)
          outcomes.hit(outcomeKey(node, took as Outcome))
        }
      }
    }
  }
  const placeOf = placeFinder(sources)
  return {
    elements: elements.share(placeOf),
    rows: rows.share(placeOf),
    terminals: terminals.share(placeOf),
    outcomes: outcomes.share(placeOf),
  }
}

/** Of everything that is counted, how much was reached, from 0 to 100, rounded down: 100 is all of it. */
export function percentOf(coverage: Coverage): number {
  const shares = Object.values(coverage)
  const all = shares.reduce((sum, share) => sum + share.all, 0)
  const covered = shares.reduce((sum, share) => sum + share.covered, 0)
  return all === 0 ? 100 : Math.floor((covered * 100) / all)
}

class Tally {
  readonly #known = new Map<string, { readonly at: string; readonly what: string | null }>()
  readonly #hit = new Set<string>()

  add(key: string, at: string, what: string | null): void {
    if (!this.#known.has(key)) this.#known.set(key, { at, what })
  }
  hit(key: string): void {
    if (this.#known.has(key)) this.#hit.add(key)
  }
  share(placeOf: ReturnType<typeof placeFinder>): Share {
    const missing: Missing[] = []
    for (const [key, one] of this.#known) {
      if (!this.#hit.has(key)) missing.push({ ...one, ...(placeOf(one.at) ?? { file: null, line: 0, column: 0 }) })
    }
    missing.sort((a, b) => compare(a.file ?? '', b.file ?? '') || a.line - b.line || a.column - b.column)
    return { all: this.#known.size, covered: this.#hit.size, missing }
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const rowKey = (at: string, pattern: string): string => `${at}\n${pattern}`
const outcomeKey = ({ at }: { readonly at: string }, outcome: Outcome): string => `${at}\n${outcome}`
const leafKey = (leaf: Extract<Node, { at: string | null }>): string => JSON.stringify(leaf)

function* reachable(graph: Graph): Generator<Node> {
  const seen = new Set<number>()
  const open = asked.map((stage) => graph.entry[stage])
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    const node = graph.nodes[id]!
    yield node
    // What stands for a listener that is none of the declared ones is met by nobody.
    const known = graph.control.listeners.map(({ name }) => name)
    if (node.kind === 'choice' && known.every((name) => node.cases.some(([one]) => one === name))) {
      for (const [, to] of node.cases) open.push(to)
    } else for (const to of edgesOf(node)) open.push(to)
  }
}

/** What of a node has a name and decides something. */
function* partsOf(node: Node): Generator<{ readonly at: string; readonly pattern: string | null }> {
  if (isLeaf(node)) {
    if (node.at !== null) yield { at: node.at, pattern: null }
  } else if (node.kind === 'oracle') yield { at: node.at, pattern: null }
  else if (node.kind === 'table') {
    for (const [pattern, , at] of node.rows) if (at !== '') yield { at, pattern }
  }
}
