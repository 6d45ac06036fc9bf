import { type Dirent, existsSync, readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { isInside } from './load-path.ts'

/** Entries that are looked at. A repository with more than this is read in part, and what was not looked at is not granted. */
const maxEntries = 100_000

/**
 * What the process of a document may read of its repository, as Node's permission flag wants it. Left out are
 * - the hidden entries at the top: `.git` and `.env` hold credentials in many a CI job, and Node 20 cannot keep a process
 *   off the network;
 * - symbolic links that lead out of the repository: Node looks at the path that is asked for, not at where it leads.
 *
 * @param root real path of the repository
 * @param folder real path of the document's folder, which is read whatever its name
 */
export function readableParts(root: string, folder: string): readonly string[] {
  let budget = maxEntries
  const walk = (
    at: string,
    wanted: (entry: Dirent) => boolean,
  ): { readonly whole: boolean; readonly parts: string[] } => {
    const entries = readdirSync(at, { withFileTypes: true })
    budget -= entries.length
    if (budget < 0) return { whole: false, parts: [] }
    const parts: string[] = []
    let whole = true
    for (const entry of entries) {
      const path = join(at, entry.name)
      // A comma or a star would mean something else to the flag.
      if (!wanted(entry) || /[,*]/.test(entry.name) || !staysInside(path, entry)) {
        whole = false
      } else if (entry.isDirectory()) {
        const inner = walk(path, () => true)
        if (!inner.whole) whole = false
        parts.push(...(inner.whole ? [join(path, '*')] : inner.parts))
      } else {
        parts.push(path)
      }
    }
    return { whole, parts }
  }
  const staysInside = (path: string, entry: Dirent): boolean =>
    !entry.isSymbolicLink() || (existsSync(path) && isInside(root, realpathSync(path)))
  const shown = ({ name }: Dirent): boolean => !name.startsWith('.') || isInside(join(root, name), folder)
  // The root is never granted as a whole: `.git` could come while we look.
  return walk(root, shown).parts
}
