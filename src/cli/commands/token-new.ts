import { newToken } from '../../admin/access.ts'
import { adminScopes } from '../../mail/settings.ts'
import { CommandError, flag, type Run, textOption } from '../run.ts'

/** Prints a token, which is kept nowhere, and the line by which a document knows it. */
export const run: Run = async ({ options, terminal }) => {
  const name = textOption(options, 'name') ?? ''
  if (!/^[A-Za-z][A-Za-z0-9_-]{0,62}$/.test(name)) {
    throw new CommandError(`--name: expected a name of letters, digits, "-" and "_", got ${JSON.stringify(name)}`)
  }
  const wanted = (textOption(options, 'scopes') ?? 'read').split(',').map((scope) => scope.trim())
  const unknown = wanted.find((scope) => !(adminScopes as readonly string[]).includes(scope))
  if (unknown !== undefined) {
    throw new CommandError(`--scopes: expected some of ${adminScopes.join(', ')}, got ${JSON.stringify(unknown)}`)
  }
  const scopes = [...new Set(wanted)]
  const { token, sha256 } = newToken()
  if (flag(options, 'json')) terminal.out(`${JSON.stringify({ name, token, sha256, scopes }, null, 2)}\n`)
  else {
    terminal.out(`${token}\n`)
    terminal.err(
      [
        'This is the token; it is shown once and kept nowhere. In the document, under admin.tokens:',
        `  ${/^[A-Za-z]\w*$/.test(name) ? name : JSON.stringify(name)}: { sha256: '${sha256}', scopes: [${scopes.map((scope) => `'${scope}'`).join(', ')}] },`,
        '',
      ].join('\n'),
    )
  }
  return 0
}
