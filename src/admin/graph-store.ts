import { access, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { isGraphHash } from '../graph/canonical.ts'

/**
 * Graphs that a gateway was handed, in `<stateDir>/graphs`:
 *   <hash>.mgw    a bundle as it was uploaded
 *   <hash>.flat   its run-time form, so that a start builds nothing; made anew when it is missing
 *   active        hashes, a line each: of the graph that serves, which `serve` starts with, then of those before it.
 *                 Replaced in one rename
 *   trial         `<hash> <previous>` while a graph serves that is not confirmed. `active` still names the one before: a
 *                 gateway that ends during a trial, however it ends, comes back to that one
 *   upload-*      an upload that never became a graph (a crash); removed at start
 */
export type GraphStore = {
  readonly folder: string
  bundleFile(hash: string): string
  flatFile(hash: string): string
  has(hash: string): Promise<boolean>
  /** `null` before the first activation. */
  active(): Promise<string | null>
  /** The active graph, then those that it may go back to, newest first. */
  history(): Promise<readonly string[]>
  /** Moves an uploaded file to its place under its hash. The active file may be replaced by an equal graph. */
  keep(upload: string, hash: string): Promise<void>
  /**
   * Durable when it returns: a start after it serves this graph. Forgets all but the newest ten that were active, and all
   * but the newest ten that never were. `back`: the graphs in front of it are not what a later step back goes to.
   */
  activate(hash: string, back?: 'back'): Promise<void>
  trial(): Promise<StoredTrial | null>
  /** Durable when it returns. */
  beginTrial(trial: StoredTrial): Promise<void>
  endTrial(): Promise<void>
}

export type StoredTrial = { readonly hash: string; readonly previous: string }

const kept = 10

export async function openGraphStore(folder: string): Promise<GraphStore> {
  for (const name of await readdir(folder)) {
    if (name.startsWith('upload-') || name.endsWith('.tmp')) await rm(join(folder, name), { force: true })
  }
  const file = (hash: string, ending: string) => join(folder, `${hash.replace(':', '-')}.${ending}`)
  const words = async (name: string): Promise<string[]> => {
    const text = await readFile(join(folder, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return ''
      throw error
    })
    return text.split(/\s+/).filter((word) => word !== '')
  }
  const replace = async (name: string, text: string): Promise<void> => {
    const temporary = join(folder, `${name}.tmp`)
    const handle = await open(temporary, 'w', 0o600)
    await handle.writeFile(text)
    await handle.sync()
    await handle.close()
    await rename(temporary, join(folder, name))
    await sync(folder)
  }
  const protectedHashes = async () => new Set([...(await words('active')), ...(await words('trial'))])
  return {
    folder,
    bundleFile: (hash) => file(hash, 'mgw'),
    flatFile: (hash) => file(hash, 'flat'),
    has: async (hash) =>
      isGraphHash(hash) &&
      (await access(file(hash, 'mgw')).then(
        () => true,
        () => false,
      )),
    active: async () => (await words('active'))[0] ?? null,
    history: () => words('active'),
    async keep(upload, hash) {
      await rename(upload, file(hash, 'mgw'))
      await prune(folder, await protectedHashes(), hash)
    },
    async activate(hash, back) {
      await sync(file(hash, 'mgw'))
      const before = await words('active')
      const at = before.indexOf(hash)
      const rest = before.filter((other) => other !== hash)
      // A step back turns the list: what was left comes last, and the next step back goes on from here.
      const others = back === 'back' && at > 0 ? [...rest.slice(at), ...rest.slice(0, at)] : rest
      await replace('active', `${[hash, ...others].slice(0, kept).join('\n')}\n`)
      const now = new Date()
      await utimes(file(hash, 'mgw'), now, now)
      await prune(folder, await protectedHashes(), hash)
    },
    async trial() {
      const [hash, previous] = await words('trial')
      return hash === undefined || previous === undefined ? null : { hash, previous }
    },
    beginTrial: ({ hash, previous }) => replace('trial', `${hash} ${previous}\n`),
    async endTrial() {
      await rm(join(folder, 'trial'), { force: true })
      await sync(folder)
    },
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r')
  await handle.sync()
  await handle.close()
}

/** What never served gives way first: whoever may only upload cannot push out what a gateway may go back to. */
async function prune(folder: string, protectedHashes: ReadonlySet<string>, newest: string): Promise<void> {
  const spared = new Set([...protectedHashes, newest].map((hash) => `${hash.replace(':', '-')}.mgw`))
  const names = (await readdir(folder)).filter((name) => name.endsWith('.mgw') && !spared.has(name))
  const ages = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(folder, name)).catch(() => null))?.mtimeMs ?? 0 })),
  )
  ages.sort((a, b) => b.at - a.at)
  for (const { name } of ages.slice(kept - 1)) {
    await rm(join(folder, name), { force: true })
    await rm(join(folder, name.replace(/mgw$/, 'flat')), { force: true })
  }
}
