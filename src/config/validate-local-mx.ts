import type { Target as SurfaceTarget } from './define.ts'
import type { LocalMxRow, Target } from './document.ts'
import { readDomainPattern } from './patterns.ts'
import type { DocPath } from './positions.ts'
import { target as targetSchema } from './schema-sections.ts'
import { take, twice } from './validate-read.ts'
import type { Report, Spot } from './validate-report.ts'
import { type Pair, pairs } from './validate-rows.ts'
import { checkStructure } from './validate-structure.ts'
import { readTarget, type TargetReading } from './validate-target.ts'

/** A row with its places: tables have a hundred thousand of them, so nothing here goes through the schema but odd rows. */
export type PlacedRow = LocalMxRow & { readonly keySpot: Spot; readonly valueSpot: Spot }

/** Rows by pattern. `patterns` also has those whose target is wrong, for what is said about missing routes. */
export function localMx(report: Report, section: unknown): { list: PlacedRow[]; patterns: ReadonlyMap<string, Spot> } {
  const list: PlacedRow[] = []
  const patterns = new Map<string, Spot>()
  // Few targets serve many rows; reading each text once also makes them one object.
  const read = new Map<string, TargetReading>()
  for (const pair of pairs(report, section, ['localMx'], ['pattern', 'target'])) {
    const pattern = take(report, 'MG1301', pair.keySpot, readDomainPattern(pair.key))
    if (pattern === null) continue
    const first = patterns.get(pattern)
    if (first !== undefined) {
      twice(report, pair.keySpot, pattern, first)
      continue
    }
    patterns.set(pattern, pair.keySpot)
    const target = targetOf(report, pair, read)
    if (target === null) continue
    const at = `localMx[${JSON.stringify(pattern)}]`
    report.place(at, pair.keySpot)
    const valueSpot =
      typeof pair.value === 'object' && target.kind === 'relay' ? inside(pair.valueSpot, ['relay']) : pair.valueSpot
    list.push({ at, pattern, target, keySpot: pair.keySpot, valueSpot })
  }
  return { list, patterns }
}

function targetOf(report: Report, pair: Pair, read: Map<string, TargetReading>): Target | null {
  const { value, valueSpot } = pair
  let reading: TargetReading | undefined
  if (typeof value === 'string') {
    reading = read.get(value)
    if (reading === undefined) read.set(value, (reading = readTarget(value)))
  } else {
    const odd =
      valueSpot.kind === 'cell' && !checkStructure(targetSchema, value, report, (path) => inside(valueSpot, path))
    if (odd) return null
    reading = readTarget(value as SurfaceTarget)
  }
  if (reading.ok) return reading.value
  report.error(reading.code, inside(valueSpot, reading.key), reading.error, { hint: reading.hint })
  return null
}

function inside(spot: Spot, path: DocPath): Spot {
  return spot.kind === 'cell'
    ? { ...spot, path: [...spot.path, ...path], part: [...spot.part, ...path] }
    : { kind: 'value', path: [...spot.path, ...path] }
}
