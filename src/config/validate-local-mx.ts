import type { BySender, Target as SurfaceTarget } from './define.ts'
import type { LocalMxRow, Target } from './document.ts'
import { readAddressPattern, readDomainPattern } from './patterns.ts'
import type { DocPath } from './positions.ts'
import { target as targetSchema } from './schema-sections.ts'
import { readBySender } from './validate-by-sender.ts'
import { twice } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { entries, type Pair, pairs } from './validate-rows.ts'
import { checkStructure } from './validate-structure.ts'
import { readTarget, type TargetReading } from './validate-target.ts'

/** A row where it was written; `row` is `null` when its target cannot be read. */
export type PlacedRow = { readonly pair: Pair; readonly row: LocalMxRow | null }

/** The rows in the document's order, and all that was written by pattern. */
export type Routes = { readonly list: readonly LocalMxRow[]; readonly byPattern: ReadonlyMap<string, PlacedRow> }

/** Reads the rows. Tables have a hundred thousand of them: nothing here goes through the schema but odd ones. */
export function localMx(report: Report, section: unknown): Routes {
  const list: LocalMxRow[] = []
  const byPattern = new Map<string, PlacedRow>()
  // Few targets serve many rows; reading each text once also makes them one object.
  const read = new Map<string, TargetReading>()
  for (const pair of pairs(report, section, ['localMx'], ['pattern', 'target'])) {
    const reading = readDomainPattern(pair.key)
    if (!reading.ok) {
      report.error('MG1301', pair.keySpot, reading.error, { hint: reading.hint })
      continue
    }
    const pattern = reading.value
    const first = byPattern.get(pattern)
    if (first !== undefined) {
      twice(report, pair.keySpot, pattern, first.pair.keySpot)
      continue
    }
    const at = `localMx[${JSON.stringify(pattern)}]`
    const target = targetOf(report, pair, at, read)
    const row = target === null ? null : { at, pattern, target }
    byPattern.set(pattern, { pair, row })
    if (row === null) continue
    report.place(row.at, pair.keySpot)
    list.push(row)
  }
  return { list, byPattern }
}

/** The places of the names of relays, of each with the name. */
export function relaysNamed({ pair, row }: PlacedRow): readonly { readonly relay: string; readonly spot: Spot }[] {
  if (row === null) return []
  const { target } = row
  const spotIn = (value: unknown, spot: Spot): Spot => (typeof value === 'object' ? inside(spot, ['relay']) : spot)
  if (target.kind === 'relay') return [{ relay: target.relay, spot: spotIn(pair.value, pair.valueSpot) }]
  if (target.kind !== 'by-sender') return []
  // Rows are in the order in which they were written, each pattern once.
  const written = new Map(
    entries((pair.value as BySender).bySender).map(([key, value]) => [normal(key), { key, value }] as const),
  )
  return target.rows.flatMap(({ pattern, target }) => {
    const own = written.get(pattern)
    if (target.kind !== 'relay' || own === undefined) return []
    return [{ relay: target.relay, spot: spotIn(own.value, inside(pair.valueSpot, ['bySender', own.key])) }]
  })
}

const normal = (key: string): string => {
  const reading = readAddressPattern(key)
  return reading.ok ? reading.value : key
}

function targetOf(report: Report, pair: Pair, at: string, read: Map<string, TargetReading>): Target | null {
  const { value } = pair
  let reading: TargetReading | undefined
  if (typeof value === 'string') {
    reading = read.get(value)
    if (reading === undefined) read.set(value, (reading = readTarget(value)))
  } else {
    const { valueSpot } = pair
    const odd =
      valueSpot.kind === 'cell' && !checkStructure(targetSchema, value, report, (path) => inside(valueSpot, path))
    if (odd) return null
    if (isBySender(value)) {
      return readBySender(report, value, at, valueSpot, (key, part, more = []) => {
        const path = ['bySender', key, ...more]
        return valueSpot.kind !== 'cell' && part === 'key'
          ? { kind: 'key', path: [...valueSpot.path, ...path] }
          : inside(valueSpot, path)
      })
    }
    reading = readTarget(value as Exclude<SurfaceTarget, BySender>)
  }
  if (reading.ok) return reading.value
  report.error(reading.code, inside(pair.valueSpot, reading.key), reading.error, { hint: reading.hint })
  return null
}

const isBySender = (value: unknown): value is BySender =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, 'bySender')

function inside(spot: Spot, path: DocPath): Spot {
  return spot.kind === 'cell'
    ? { ...spot, path: [...spot.path, ...path], part: [...spot.part, ...path] }
    : { kind: 'value', path: [...spot.path, ...path] }
}
