import { readFileSync, realpathSync } from 'node:fs'
import { Fault } from './child-fault.ts'
import { addMark, type Mark, type Marks } from './child-marks.ts'
import { readJson } from './json.ts'
import { loadCodes } from './load-codes.ts'
import type { Node, Spot } from './load-node.ts'
import { isInside } from './load-path.ts'
import { isError, problem } from './load-problem.ts'
import { decode, machineReason } from './load-text.ts'
import type { Position } from './positions.ts'

/** The value of a JSON file that a module imports, its objects noted like literals of the document. */
export function jsonImporter(
  marks: Marks,
  root: string,
  positionOf: (mark: Mark) => Position | null,
  seen: Set<string>,
) {
  const values = new Map<string, unknown>()
  return (file: string, mark: Mark): unknown => {
    if (values.has(file)) return values.get(file)
    let bytes: Buffer
    try {
      // A link may lead out of what was reviewed, and a message would show what it leads to.
      if (!isInside(root, realpathSync(file))) throw new Error('it is outside of the repository')
      bytes = readFileSync(file)
    } catch (error) {
      const reason = machineReason(error)
      throw new Fault([problem(loadCodes.importNotFound, positionOf(mark), `cannot import the file: ${reason}`)])
    }
    seen.add(file)
    const { text, problems } = decode(file, bytes)
    if (text === null) throw new Fault(problems)
    const reading = readJson(text)
    if (reading.node === null || reading.problems.some(isError)) throw new Fault(reading.problems)
    const value = noted(reading.node, marks)
    values.set(file, value)
    return value
  }
}

function noted(node: Node, marks: Marks): unknown {
  const at = (spot: Spot): Mark => {
    const place = spot.origin.position(spot.start, spot.end)!
    return addMark(marks, place.file, place.line, place.column, place.endColumn)
  }
  if (node.kind === 'list') {
    const list = node.items.map((item) => noted(item, marks))
    marks.notes.set(list, { self: at(node), keys: null, items: node.items.map(at), given: [] })
    return list
  }
  if (node.kind !== 'map') return node.kind === 'scalar' ? node.value : null
  const value: Record<string, unknown> = {}
  const keys = new Map<string, readonly [Mark, Mark]>()
  for (const [key, entry] of node.entries) {
    value[key] = noted(entry.node, marks)
    keys.set(key, [at(entry), at(entry.node)])
  }
  marks.notes.set(value, { self: at(node), keys, items: null, given: [] })
  return value
}
