import { commands } from './commands.ts'

/** `docs/cli.md`, made of the table of commands. */
export function cliReference(): string {
  const lines = ['# Commands', '', 'Made from `src/cli/commands.ts`; `mailgw COMMAND --help` prints the same.', '']
  for (const entry of commands) {
    const usage = ['mailgw', entry.name, ...(entry.arguments ?? []).map(([name]) => name), '[options]'].join(' ')
    const also = (entry.aliases ?? []).map((word) => ` Also \`${word}\`.`).join('')
    lines.push(`## mailgw ${entry.name}`, '', `\`${usage}\`: ${entry.summary}.${also}`, '', entry.details, '')
    lines.push('| option | meaning |', '|---|---|')
    for (const [name, description] of [...(entry.arguments ?? []), ...entry.options]) {
      lines.push(`| \`${name.replaceAll('|', '\\|')}\` | ${description.replaceAll('|', '\\|')} |`)
    }
    lines.push('', `Exit codes: ${entry.exits.map(([code, meaning]) => `${code} ${meaning}`).join('; ')}.`, '')
  }
  return lines.join('\n')
}
