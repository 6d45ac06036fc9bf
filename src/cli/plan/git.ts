import { execFile } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { ok, type Result, wrong } from '../../mail/result.ts'
import { CommandError } from '../run.ts'

/** A revision whose files were written into a folder of their own, for as long as `use` runs. */
export type Checkout = {
  /** Full name of the commit. */
  readonly commit: string
  /** The folder that stands for the repository's root. */
  readonly root: string
}

/**
 * One git command by its arguments, never by a shell. The repository belongs to whoever opened the pull request:
 * its hooks and monitors do not run, and variables that would lead git to another repository are left out.
 */
function git(folder: string, args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^GIT_(?:DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|NAMESPACE|PREFIX)$/.test(name),
  )
  const env = { ...Object.fromEntries(kept), GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C', ...more }
  const harmless = ['-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false']
  return new Promise<Result<string>>((resolve) => {
    execFile(
      'git',
      ['-C', folder, ...harmless, ...args],
      { env, maxBuffer: 16 * 1024 * 1024, encoding: 'utf8' },
      (error, stdout, stderr) => {
        if (error === null) resolve(ok(stdout.trimEnd()))
        else if (error.code === 'ENOENT') resolve(wrong('git is not installed'))
        else
          resolve(
            wrong(
              stderr
                .trim()
                .split('\n')[0]
                ?.replace(/^(?:fatal|error): /, '') || error.message,
            ),
          )
      },
    )
  })
}

/** The repository's root and the way from it to a folder; `null` outside of any repository. */
export async function repositoryAround(folder: string): Promise<{ root: string; within: string } | null> {
  const top = await git(folder, ['rev-parse', '--show-toplevel'])
  if (!top.ok || top.value === '') return null
  const root = realpathSync(top.value)
  return { root, within: relative(root, realpathSync(folder)).split(sep).join('/') }
}

/** The commit that is checked out, and whether any of `files` differs from it; `null` without a repository or commit. */
export async function commitOf(
  folder: string,
  files: readonly string[],
): Promise<{ readonly commit: string; readonly changed: boolean } | null> {
  const head = await git(folder, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'])
  if (!head.ok) return null
  const status = await git(folder, ['status', '--porcelain', '--', ...files])
  return { commit: head.value, changed: !status.ok || status.value !== '' }
}

/** What may be the name of a revision: nothing that git could take for an option, a range, or a path. */
export const looksLikeRevision = (text: string): boolean =>
  /^[\w.@][\w./@{}^~+-]{0,249}$/.test(text) && !text.includes('..')

/**
 * Writes the files of a revision into a temporary folder and removes it when `use` is done. The repository is only read:
 * index and files come into being in that folder, nothing is checked out, no branch moves.
 */
export async function withRevision<Value>(
  folder: string,
  revision: string,
  use: (checkout: Checkout) => Promise<Value>,
): Promise<Value> {
  if (!looksLikeRevision(revision)) {
    throw new CommandError(`--base: expected the name of a git revision, such as HEAD~1 or main, got "${revision}"`)
  }
  const failed = (reason: string): never => {
    throw new CommandError(`--base ${revision}: ${reason}`)
  }
  const around = (await repositoryAround(folder)) ?? failed(`${folder} is in no git repository`)
  const found = await git(around.root, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`])
  const shallow = 'the repository has no such revision (a shallow clone has few of them: fetch more of its history)'
  const commit = found.ok ? found.value : failed(shallow)
  const temporary = realpathSync(await mkdtemp(join(tmpdir(), 'mailgw-base-')))
  try {
    const root = join(temporary, 'tree')
    // What the document may read ends at the repository's root, and this is how one is recognised.
    await mkdir(join(root, '.git'), { recursive: true })
    const index = { GIT_INDEX_FILE: join(temporary, 'index') }
    for (const args of [
      ['read-tree', commit],
      ['checkout-index', '--all', '--quiet', `--prefix=${root}/`],
    ]) {
      const done = await git(around.root, args, index)
      if (!done.ok) failed(done.error)
    }
    return await use({ commit, root })
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}
