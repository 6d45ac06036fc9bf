import type { DocPath, Position, Positions } from './positions.ts'
import type { TableFile } from './source.ts'

/**
 * A part of a document with the place where it was written, the same for all surfaces. `start` and `end` mean something
 * to `origin` only (offsets in a text, an index for TypeScript); it turns them into a position when somebody asks.
 */
export type Node = Spot &
  (
    | { readonly kind: 'scalar'; readonly value: string | number | boolean | null }
    | { readonly kind: 'list'; readonly items: readonly Node[] }
    | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, Entry> }
    | { readonly kind: 'table'; readonly table: TableFile }
  )

export type Spot = { readonly origin: Origin; readonly start: number; readonly end: number }

/** A key of a mapping, the spot being the key's, and its value. */
export type Entry = Spot & { readonly node: Node }

export type Origin = {
  /** `null` when nobody knows: a value that code computed. */
  position(start: number, end: number): Position | null
}

export const placeOf = (spot: Spot): Position | null => spot.origin.position(spot.start, spot.end)

/** The plain data that the schema reads. Keys named `__proto__` were refused by the readers. */
export function plainValue(node: Node): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value
    case 'table':
      return node.table
    case 'list':
      return node.items.map(plainValue)
    case 'map': {
      const value: Record<string, unknown> = {}
      for (const [key, entry] of node.entries) value[key] = plainValue(entry.node)
      return value
    }
  }
}

export function positionsOf(root: Node): Positions {
  const find = (path: DocPath, wanted: 'key' | 'value'): Position | null => {
    let node = root
    let last = placeOf(root)
    for (const [depth, part] of path.entries()) {
      let key: Spot | undefined
      let next: Node | undefined
      if (node.kind === 'map') {
        key = node.entries.get(String(part))
        next = (key as Entry | undefined)?.node
      } else if (node.kind === 'list') {
        next = node.items[Number(part)]
      } else if (node.kind === 'table') {
        const row = node.table.rows[Number(part)]
        return row === undefined ? last : node.table.positionOf(row, path.slice(depth + 1))
      }
      if (next === undefined) return last
      const keyPlace = key === undefined ? null : placeOf(key)
      const valuePlace = placeOf(next)
      const place = wanted === 'key' && depth === path.length - 1 ? (keyPlace ?? valuePlace) : (valuePlace ?? keyPlace)
      last = place ?? last
      node = next
    }
    return last
  }
  return { key: (path) => find(path, 'key'), value: (path) => find(path, 'value') }
}
