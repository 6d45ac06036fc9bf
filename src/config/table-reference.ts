import type { Diagnostic } from './diagnostic.ts'
import { loadCodes } from './load-codes.ts'
import { type Entry, type Node, placeOf, type Spot } from './load-node.ts'
import { resolveReference } from './load-path.ts'
import { problem } from './load-problem.ts'
import { readText } from './load-text.ts'
import { type DocPath, pathText } from './positions.ts'
import { readTable } from './table.ts'
import { resolveText } from './text-reference.ts'

export type TableContext = {
  /** The document that holds the reference; names are relative to it. */
  readonly document: string
  readonly root: string
  readonly problems: Diagnostic[]
  readonly files: Set<string>
}

/** Replaces each `{ $table: file, header?: true }` by the rows of the file. */
export async function resolveTables(node: Node, context: TableContext, path: DocPath = []): Promise<Node> {
  if (node.kind === 'list') {
    const items: Node[] = []
    for (const [i, item] of node.items.entries()) {
      items.push(holdsMore(item) ? await resolveTables(item, context, [...path, i]) : item)
    }
    return { ...node, items }
  }
  if (node.kind !== 'map') return node
  const text = node.entries.get('$text')
  if (text !== undefined) return resolveText(node, text, context, path)
  const reference = node.entries.get('$table')
  if (reference !== undefined) return resolveTable(node, reference, context, path)
  const entries = new Map<string, Entry>()
  for (const [key, entry] of node.entries) {
    const inner = holdsMore(entry.node) ? await resolveTables(entry.node, context, [...path, key]) : entry.node
    entries.set(key, inner === entry.node ? entry : { ...entry, node: inner })
  }
  return { ...node, entries }
}

const holdsMore = (node: Node) => node.kind === 'map' || node.kind === 'list'

async function resolveTable(
  node: Node & { kind: 'map' },
  reference: Entry,
  { document, root, problems, files }: TableContext,
  path: DocPath,
): Promise<Node> {
  const at = pathText(path)
  const nothing: Node = { origin: node.origin, start: node.start, end: node.end, kind: 'scalar', value: null }
  const wrong = (spot: Spot, message: string): Node => {
    const place = placeOf(spot) ?? placeOf(node)
    problems.push(problem(loadCodes.tableForm, place, `${at}: ${message}`, { path: at }))
    return nothing
  }
  const extra = [...node.entries].find(([key]) => key !== '$table' && key !== 'header')
  if (extra !== undefined) {
    return wrong(extra[1], `expected { $table: file } with nothing but "header" beside it, got "${extra[0]}"`)
  }
  const header = node.entries.get('header')?.node
  if (header !== undefined && !(header.kind === 'scalar' && typeof header.value === 'boolean')) {
    return wrong(header, 'header: expected true or false')
  }
  const name = reference.node
  if (name.kind !== 'scalar' || typeof name.value !== 'string')
    return wrong(name, '$table: expected the name of a file')

  const place = placeOf(name) ?? placeOf(node)
  const resolved = await resolveReference(
    { text: name.value, from: document, root },
    loadCodes.tableUnreadable,
    place,
    at,
  )
  if ('problem' in resolved) {
    problems.push(resolved.problem)
    return nothing
  }
  files.add(resolved.file)
  const shown = JSON.stringify(name.value)
  const reading = await readText(resolved.file, (reason) =>
    problem(loadCodes.tableUnreadable, place, `${at}: cannot read ${shown}: ${reason}`, { path: at }),
  )
  problems.push(...reading.problems)
  if (reading.text === null) return nothing
  const { table, problems: found } = readTable(reading.text, header?.kind === 'scalar' && header.value === true)
  problems.push(...found)
  return table === null ? nothing : { origin: node.origin, start: node.start, end: node.end, kind: 'table', table }
}
