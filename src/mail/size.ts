import { ok, type Result, wrong } from './result.ts'

const units = new Map([
  ['B', 1],
  ['KB', 1000],
  ['MB', 1000 ** 2],
  ['GB', 1000 ** 3],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
])

/** Largest size a document may name: 1 TiB. Beyond it somebody has slipped by a factor. */
export const maxSizeBytes = 1024 ** 4

/**
 * Reads `'20MiB'` (20 * 1024 * 1024), `'20MB'` (20,000,000), `'500B'` as octets. A bare number is refused: the same
 * `20` meant octets, kilobytes and megabytes in the systems that mailgw succeeds.
 */
export function parseSize(text: string): Result<number> {
  const got = `expected a size with its unit, such as '20MiB', '20MB' or '500KB', got ${JSON.stringify(text)}`
  const [, count = '', unit = ''] = /^(\d{1,13})([A-Za-z]+)$/.exec(text) ?? []
  const octets = units.get(unit)
  if (octets === undefined) return wrong(got)
  const total = Number(count) * octets
  if (total > maxSizeBytes) return wrong(`expected at most 1024GiB, got ${JSON.stringify(text)}`)
  return ok(total)
}
