import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import type { Control } from '../graph/control.ts'
import type { CredentialSettings } from '../mail/settings.ts'

type Needed = { readonly file: string; readonly mode: number }

/**
 * What back-ends of logins need on this machine and do not find: one sentence, or `null`. Asked before a graph is made
 * active; a gateway that starts again begins all the same, and answers 454 where it cannot tell who somebody is.
 */
export async function missingFiles({ credentials = [] }: Control): Promise<string | null> {
  const problems: string[] = []
  for (const one of credentials) {
    for (const { file, mode } of neededBy(one)) {
      const fault = await access(file, mode).then(
        () => null,
        (error: NodeJS.ErrnoException) => error.code ?? error.message,
      )
      const what = mode === constants.X_OK ? 'run' : 'read'
      if (fault !== null) problems.push(`credentials ${one.id}: ${file} cannot be ${what}: ${fault}`)
    }
  }
  return problems.length === 0 ? null : problems.join('; ')
}

function neededBy(settings: CredentialSettings): readonly Needed[] {
  const files: Needed[] = []
  if ('ca' in settings && settings.ca !== null) files.push({ file: settings.ca, mode: constants.R_OK })
  if (settings.kind === 'file') files.push({ file: settings.path, mode: constants.R_OK })
  if (settings.kind === 'exec') files.push({ file: settings.argv[0]!, mode: constants.X_OK })
  return files
}
