import { createReadStream } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type EnvelopeRecord, parseEnvelopeLine, timeOfLine } from '../mail/envelope-record.ts'

export type EnvelopeFile = {
  readonly path: string
  /** Time of its first record, epoch ms. */
  readonly since: number
}

/** Sorts by time: `2030-01-31T18-00-00.000Z.ndjson`. */
export const envelopeFileName = (time: number): string => `${new Date(time).toISOString().replaceAll(':', '-')}.ndjson`

function timeOfName(name: string): number | null {
  const [, day, clock] = /^(\d{4}-\d\d-\d\d)T(\d\d-\d\d-\d\d\.\d{3}Z)\.ndjson$/.exec(name) ?? []
  return day === undefined || clock === undefined ? null : Date.parse(`${day}T${clock.replaceAll('-', ':')}`)
}

/** The files of a folder in the order of time; others are left alone. */
export async function envelopeFiles(folder: string): Promise<readonly EnvelopeFile[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return names.sort().flatMap((name) => {
    const since = timeOfName(name)
    return since === null ? [] : [{ path: join(folder, name), since }]
  })
}

/** Removes files whose last record is older than `before`, then the oldest until what is left has at most `bytes`. */
export async function pruneEnvelopes(folder: string, before: number, bytes: number): Promise<void> {
  const files = await Promise.all(
    (await envelopeFiles(folder)).map(async ({ path }) => {
      const { size, mtimeMs } = await stat(path)
      return { path, size, mtimeMs }
    }),
  )
  let total = files.reduce((sum, { size }) => sum + size, 0)
  for (const { path, size, mtimeMs } of files) {
    if (total <= bytes && mtimeMs >= before) continue
    await rm(path, { force: true })
    total -= size
  }
}

/** The lines from `since` to `until` (epoch ms, that one not), oldest first; what is no record is left out. */
export async function* envelopeLines(
  files: readonly EnvelopeFile[],
  since: number,
  until: number,
): AsyncGenerator<string> {
  for (const [index, { path, since: first }] of files.entries()) {
    const next = files[index + 1]?.since ?? Number.POSITIVE_INFINITY
    if (first >= until || next < since) continue
    const input = createReadStream(path, { encoding: 'utf8', highWaterMark: 256 * 1024 })
    for await (const line of createInterface({ input })) {
      const time = timeOfLine(line)
      if (time >= since && time < until) yield line
    }
  }
}

/** The records of one message. `since` is when it came: nothing is older. */
export async function envelopesOf(
  files: readonly EnvelopeFile[],
  id: string,
  since: number,
): Promise<EnvelopeRecord[]> {
  const found: EnvelopeRecord[] = []
  const sought = `"id":${JSON.stringify(id)}`
  for await (const line of envelopeLines(files, since, Number.POSITIVE_INFINITY)) {
    if (line.includes(sought)) {
      found.push(...parseEnvelopeLine(line).filter((record) => record.id === id))
    } else if (found.length > 0) break
  }
  return found
}
