import type { Target as SurfaceTarget } from './define.ts'
import type { LocalMxRow, Target } from './document.ts'
import { readDomainPattern } from './patterns.ts'
import type { DocPath } from './positions.ts'
import { target as targetSchema } from './schema-sections.ts'
import { twice } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { type Pair, pairs } from './validate-rows.ts'
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
    const target = targetOf(report, pair, read)
    const row = target === null ? null : { at: `localMx[${JSON.stringify(pattern)}]`, pattern, target }
    byPattern.set(pattern, { pair, row })
    if (row === null) continue
    report.place(row.at, pair.keySpot)
    list.push(row)
  }
  return { list, byPattern }
}

/** The place of the name of a relay. */
export const relaySpot = ({ value, valueSpot }: Pair): Spot =>
  typeof value === 'object' ? inside(valueSpot, ['relay']) : valueSpot

function targetOf(report: Report, pair: Pair, read: Map<string, TargetReading>): Target | null {
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
    reading = readTarget(value as SurfaceTarget)
  }
  if (reading.ok) return reading.value
  report.error(reading.code, inside(pair.valueSpot, reading.key), reading.error, { hint: reading.hint })
  return null
}

function inside(spot: Spot, path: DocPath): Spot {
  return spot.kind === 'cell'
    ? { ...spot, path: [...spot.path, ...path], part: [...spot.part, ...path] }
    : { kind: 'value', path: [...spot.path, ...path] }
}
