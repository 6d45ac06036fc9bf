import { loadCodes } from './load-codes.ts'
import { type Entry, type Node, placeOf, type Spot } from './load-node.ts'
import { resolveReference } from './load-path.ts'
import { problem } from './load-problem.ts'
import { readText } from './load-text.ts'
import { type DocPath, pathText } from './positions.ts'
import type { TableContext } from './table-reference.ts'

/** Beyond it, it is no text that anybody would want in a document. */
const longest = 64 * 1024

/** `{ $text: file }`: the text of the file, in place of the reference and at its place. */
export async function resolveText(
  node: Node & { kind: 'map' },
  reference: Entry,
  { document, root, problems, files }: TableContext,
  path: DocPath,
): Promise<Node> {
  const at = pathText(path)
  const { origin, start, end } = node
  const wrong = (spot: Spot, message: string): Node => {
    const place = placeOf(spot) ?? placeOf(node)
    problems.push(problem(loadCodes.textForm, place, `${at}: ${message}`, { path: at }))
    return { origin, start, end, kind: 'scalar', value: null }
  }
  const extra = [...node.entries].find(([key]) => key !== '$text')
  if (extra !== undefined) return wrong(extra[1], `expected { $text: file } alone, got "${extra[0]}" beside it`)
  const name = reference.node
  if (name.kind !== 'scalar' || typeof name.value !== 'string') return wrong(name, '$text: expected the name of a file')

  const place = placeOf(name) ?? placeOf(node)
  const wanted = { text: name.value, from: document, root }
  const resolved = await resolveReference(wanted, loadCodes.textUnreadable, place, at)
  if ('problem' in resolved) {
    problems.push(resolved.problem)
    return { origin, start, end, kind: 'scalar', value: null }
  }
  files.add(resolved.file)
  const shown = JSON.stringify(name.value)
  const reading = await readText(resolved.file, (reason) =>
    problem(loadCodes.textUnreadable, place, `${at}: cannot read ${shown}: ${reason}`, { path: at }),
  )
  problems.push(...reading.problems)
  const text = reading.text?.text ?? null
  if (text !== null && text.length > longest) {
    return wrong(name, `${shown} has ${text.length} characters, more than a text for a document (${longest})`)
  }
  return { origin, start, end, kind: 'scalar', value: text }
}
