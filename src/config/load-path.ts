import { existsSync } from 'node:fs'
import { readdir, realpath } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { Diagnostic } from './diagnostic.ts'
import { loadCodes } from './load-codes.ts'
import { problem } from './load-problem.ts'
import { machineReason } from './load-text.ts'
import type { Position } from './positions.ts'
import { didYouMean } from './suggest.ts'

/**
 * The folder that a document may read from: the repository that holds it, else its own folder. A plan of a pull request
 * reads files that a stranger named; what lies outside was reviewed by nobody and differs between machines.
 */
export function repositoryOf(folder: string): string {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at
    if (dirname(at) === at) return resolve(folder)
  }
}

export const isInside = (folder: string, file: string): boolean => {
  const way = relative(folder, file)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}

export type Reference = { readonly text: string; readonly from: string; readonly root: string }

/** The file that a document names beside itself. Symbolic links are followed before the repository's wall is looked at. */
export async function resolveReference(
  { text, from, root }: Reference,
  unreadable: string,
  position: Position | null,
  path: string,
): Promise<{ readonly file: string } | { readonly problem: Diagnostic }> {
  const wrong = (code: string, message: string, hint: string | null = null) => ({
    problem: problem(code, position, `${path}: ${message}`, { path, hint }),
  })
  const shown = JSON.stringify(text)
  if (text === '') return wrong(unreadable, 'expected the name of a file, got an empty text')
  if (isAbsolute(text)) {
    return wrong(loadCodes.outsideRepository, `expected a path relative to the document, got ${shown}`)
  }
  const file = resolve(dirname(from), text)
  const outside = () =>
    wrong(
      loadCodes.outsideRepository,
      `${shown} leads out of the repository that holds the document`,
      'a document may read only what is reviewed with it',
    )
  if (!isInside(root, file)) return outside()
  try {
    return isInside(await realpath(root), await realpath(file)) ? { file } : outside()
  } catch (error) {
    return wrong(unreadable, `cannot read ${shown}: ${machineReason(error)}`, await nearName(text, file))
  }
}

/** A file of nearly that name in the same folder. */
async function nearName(text: string, file: string): Promise<string | null> {
  const names = await readdir(dirname(file)).catch(() => [])
  const before = text.slice(0, text.length - basename(text).length)
  return didYouMean(
    text,
    names.map((name) => before + name),
  )
}
