import { constants } from 'node:fs'
import { access, lstat, readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { ConfigError, type Diagnostic } from './diagnostic.ts'
import { loadCodes } from './load-codes.ts'
import { repositoryOf } from './load-path.ts'
import { problem } from './load-problem.ts'
import { machineReason, wholeFile } from './load-text.ts'

/** The names of a document, and nothing in package.json: who looks for the policy finds it by its name. */
export const documentNames = [
  'mailgw.config.ts',
  'mailgw.config.mts',
  'mailgw.config.yaml',
  'mailgw.config.yml',
  'mailgw.config.json',
] as const

/**
 * The document's absolute path: `file` when it is given, else the one document in `cwd` or the nearest folder above it,
 * up to the repository's root. Outside of a repository only `cwd` is looked at: in a shared folder above, anybody
 * could have left one. Throws `ConfigError`.
 */
export async function findDocument({
  cwd,
  file,
}: {
  readonly cwd: string
  readonly file?: string | null
}): Promise<string> {
  if (file !== undefined && file !== null) {
    const named = resolve(cwd, file)
    await demandReadable(named, `cannot read the document ${file}`)
    return named
  }
  const top = repositoryOf(cwd)
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const found = await searchFolder(folder)
    if (found !== null) return found
    if (folder === top || dirname(folder) === folder) break
  }
  const where = top === resolve(cwd) ? `in ${top}` : `in ${resolve(cwd)} and above it up to ${top}`
  refuse(
    problem(loadCodes.notFound, null, `no document ${where}: looked for ${documentNames.join(', ')}`, {
      hint: 'write mailgw.config.ts, or name a document with --config FILE',
    }),
  )
}

async function searchFolder(folder: string): Promise<string | null> {
  const candidates: string[] = []
  for (const name of documentNames) {
    // A link that leads nowhere is a candidate too: somebody meant it.
    if (
      await lstat(join(folder, name)).then(
        () => true,
        () => false,
      )
    )
      candidates.push(join(folder, name))
  }
  const [first, second] = candidates
  if (first !== undefined && second !== undefined) {
    refuse(
      problem(loadCodes.severalFound, null, `there are two documents in one folder, ${candidates.join(' and ')}`, {
        hint: 'keep one, or name it with --config FILE',
      }),
    )
  }
  if (first !== undefined) await demandReadable(first, `cannot read ${first}`)
  const found = await askCosmiconfig(folder)
  if (found === (first ?? null)) return found
  // Its own settings, in a file that belongs to some other program, can send cosmiconfig elsewhere, whatever we asked for.
  refuse(
    problem(
      loadCodes.redirected,
      null,
      `the search for a document was redirected to ${found ?? 'nowhere'} by settings of cosmiconfig in ${process.cwd()} (package.json or .config/)`,
      {
        hint: 'name the document with --config FILE, or remove those settings',
      },
    ),
  )
}

/** Settings of cosmiconfig that it would run as code, in this process, before our own document is even looked for. */
const metaScripts = ['config.js', 'config.ts', 'config.cjs', 'config.mjs'] as const

async function askCosmiconfig(folder: string): Promise<string | null> {
  for (const name of metaScripts) {
    const script = join(process.cwd(), '.config', name)
    if (
      await stat(script).then(
        () => true,
        () => false,
      )
    ) {
      refuse(
        problem(
          loadCodes.redirected,
          wholeFile(script),
          `the search would run ${script} outside of the restricted process`,
          {
            hint: 'name the document with --config FILE, or move that file',
          },
        ),
      )
    }
  }
  // Loaded only to search: with --config nobody waits for it.
  const { cosmiconfig } = await import('cosmiconfig')
  const pass = (filepath: string) => filepath
  try {
    const explorer = cosmiconfig('mailgw', {
      searchPlaces: [...documentNames],
      mergeSearchPlaces: false,
      searchStrategy: 'none',
      ignoreEmptySearchPlaces: false,
      cache: false,
      // Its own loaders would run code and lose positions; none may ever be used.
      loaders: {
        '.ts': pass,
        '.mts': pass,
        '.yaml': pass,
        '.yml': pass,
        '.json': pass,
        '.js': pass,
        '.cjs': pass,
        '.mjs': pass,
        noExt: pass,
      },
    })
    return (await explorer.search(folder))?.filepath ?? null
  } catch (error) {
    refuse(
      problem(
        loadCodes.redirected,
        null,
        `the search for a document failed on settings of cosmiconfig in ${process.cwd()}: ${(error as Error).message}`,
        {
          hint: 'name the document with --config FILE',
        },
      ),
    )
  }
}

async function demandReadable(file: string, failed: string): Promise<void> {
  const unreadable = (reason: string): never => refuse(problem(loadCodes.unreadable, null, `${failed}: ${reason}`))
  try {
    const facts = await stat(file)
    if (!facts.isFile()) unreadable(facts.isDirectory() ? 'it is a folder' : 'it is not a regular file')
    await access(file, constants.R_OK)
    if ((await readFile(file, 'utf8')).trim() === '')
      refuse(problem(loadCodes.empty, wholeFile(file), 'the document is empty'))
  } catch (error) {
    if (error instanceof ConfigError) throw error
    unreadable(machineReason(error))
  }
}

function refuse(diagnostic: Diagnostic): never {
  throw new ConfigError([diagnostic])
}
