import { readFileSync } from 'node:fs'

/** How often the sink took each Message-Id, from its `--pairs` file. */
export function deliveries(file) {
  const counts = new Map()
  for (const line of readFileSync(file, 'latin1').split('\n')) {
    if (line === '') continue
    const [id] = line.split('\t')
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return counts
}

/** What became of a load: `lost` was acknowledged and never came. */
export function compare(load, counts) {
  const lost = [...load.acknowledged].filter((id) => !counts.has(id))
  const doubled = [...counts.values()].filter((count) => count > 1).length
  const unknownDelivered = [...load.unknown].filter((id) => counts.has(id)).length
  return {
    acknowledged: load.acknowledged.size,
    lost: lost.length,
    firstLost: lost[0] ?? null,
    doubled,
    unknown: load.unknown.size,
    unknownDelivered,
  }
}

/** Waits until the sink has `expected` pairs, or nothing more has come for `stillMs`. */
export async function settled(sink, expected, stillMs = 30_000) {
  let counts = await sink.counts()
  for (let seen = -1, since = Date.now(); counts.unique < expected && Date.now() - since < stillMs; ) {
    if (counts.unique !== seen) [seen, since] = [counts.unique, Date.now()]
    await new Promise((resolve) => setTimeout(resolve, 50))
    counts = await sink.counts()
  }
  return counts
}
