import { relative, resolve } from 'node:path'
import type { Reply } from './child-evaluate.ts'
import type { Diagnostic } from './diagnostic.ts'
import type { Entry, Node, Origin } from './load-node.ts'
import { isInside } from './load-path.ts'
import { wholeFile } from './load-text.ts'
import type { Position } from './positions.ts'

/** The child knows files by their real paths; the user named them through whatever links there are. */
export function movedReply(reply: Reply, real: string, named: string): Reply {
  if (real === named) return reply
  const moved = (file: string) => (isInside(real, file) ? resolve(named, relative(real, file)) : file)
  const place = (position: Position): Position => ({ ...position, file: moved(position.file) })
  const problems = reply.problems.map(
    (diagnostic): Diagnostic => ({
      ...diagnostic,
      position: diagnostic.position === null ? null : place(diagnostic.position),
      related: diagnostic.related.map((part) => ({ ...part, position: place(part.position) })),
    }),
  )
  return { ...reply, names: reply.names.map(moved), files: reply.files.map(moved), problems }
}

/** Puts value and marks together again: the marks stand in the order in which the value is walked. */
export function nodeOfReply({ value, marks, names, places }: Reply, file: string): Node {
  const origin: Origin = {
    position(mark) {
      if (mark < 0) return null
      const [index, line, column, end] = places.slice(mark * 4, mark * 4 + 4) as [number, number, number, number]
      return { file: names[index]!, line, column, endColumn: end }
    },
  }
  const whole: Origin = { position: () => wholeFile(file) }
  let at = 0
  const node = (part: unknown): { key: number; node: Node } => {
    const key = marks[at++]!
    const start = marks[at++]!
    const spot = { origin: start < 0 && at === 2 ? whole : origin, start, end: start }
    if (Array.isArray(part)) return { key, node: { ...spot, kind: 'list', items: part.map((item) => node(item).node) } }
    if (typeof part === 'object' && part !== null) {
      const entries = new Map<string, Entry>()
      for (const [name, item] of Object.entries(part)) {
        const inner = node(item)
        entries.set(name, { origin, start: inner.key, end: inner.key, node: inner.node })
      }
      return { key, node: { ...spot, kind: 'map', entries } }
    }
    return { key, node: { ...spot, kind: 'scalar', value: part as string | number | boolean | null } }
  }
  return node(value).node
}
