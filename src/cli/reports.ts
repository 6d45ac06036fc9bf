import { writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Diagnostic } from '../config/diagnostic.ts'
import { repositoryAround } from './plan/git.ts'
import { CommandError, flag, type Invocation, type Terminal, textOption } from './run.ts'
import { githubAnnotations, sarif } from './sarif.ts'
import { version } from './version.ts'

/** Writes what `--sarif` and `--github` ask for. `document` is `null` when none was found. */
export async function writeReports(
  { options, terminal }: { readonly options: Invocation['options']; readonly terminal: Terminal },
  diagnostics: readonly Diagnostic[],
  document: string | null,
): Promise<void> {
  const file = textOption(options, 'sarif')
  if (file === null && !flag(options, 'github')) return
  const named = document ?? (textOption(options, 'config') === null ? null : resolve(textOption(options, 'config')!))
  const folder = named === null ? process.cwd() : dirname(named)
  const around = await repositoryAround(folder).catch(() => null)
  const place = { root: around?.root ?? process.cwd(), document: named }
  if (flag(options, 'github')) terminal.out(githubAnnotations(diagnostics, place))
  if (file === null) return
  const text = `${JSON.stringify(sarif(diagnostics, version, place), null, 2)}\n`
  await writeFile(file, text).catch((error: Error) => {
    throw new CommandError(`--sarif: the report cannot be written: ${error.message}`)
  })
}
