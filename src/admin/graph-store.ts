import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Graphs that a gateway was handed, in `<stateDir>/graphs`:
 *   <hash>.mgw    a bundle as it was uploaded
 *   <hash>.flat   its run-time form, so that a start builds nothing; made anew when it is missing
 *   active        hash of the graph that serves, replaced in one rename; what `serve` starts with
 *   upload-*      an upload that never became a graph (a crash); removed at start
 */
export type GraphStore = {
  readonly folder: string
  bundleFile(hash: string): string
  flatFile(hash: string): string
  /** `null` before the first activation. */
  active(): Promise<string | null>
  /** Moves an uploaded file to its place under its hash. The active file may be replaced by an equal graph. */
  keep(upload: string, hash: string): Promise<void>
  /** Durable when it returns: a start after it serves this graph. Forgets all but the newest ten. */
  activate(hash: string): Promise<void>
}

const kept = 10

export async function openGraphStore(folder: string): Promise<GraphStore> {
  for (const name of await readdir(folder)) {
    if (name.startsWith('upload-') || name.endsWith('.tmp')) await rm(join(folder, name), { force: true })
  }
  const file = (hash: string, ending: string) => join(folder, `${hash.replace(':', '-')}.${ending}`)
  const store: GraphStore = {
    folder,
    bundleFile: (hash) => file(hash, 'mgw'),
    flatFile: (hash) => file(hash, 'flat'),
    async active() {
      const text = await readFile(join(folder, 'active'), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null
        throw error
      })
      return text === null ? null : text.trim()
    },
    async keep(upload, hash) {
      await rename(upload, file(hash, 'mgw'))
    },
    async activate(hash) {
      await sync(file(hash, 'mgw'))
      const temporary = join(folder, 'active.tmp')
      const handle = await open(temporary, 'w', 0o600)
      await handle.writeFile(`${hash}\n`)
      await handle.sync()
      await handle.close()
      await rename(temporary, join(folder, 'active'))
      await sync(folder)
      await prune(folder, hash)
    },
  }
  return store
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r')
  await handle.sync()
  await handle.close()
}

async function prune(folder: string, active: string): Promise<void> {
  const names = (await readdir(folder)).filter(
    (name) => name.endsWith('.mgw') && name !== `${active.replace(':', '-')}.mgw`,
  )
  const ages = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })))
  ages.sort((a, b) => b.at - a.at)
  for (const { name } of ages.slice(kept - 1)) {
    await rm(join(folder, name), { force: true })
    await rm(join(folder, name.replace(/mgw$/, 'flat')), { force: true })
  }
}
