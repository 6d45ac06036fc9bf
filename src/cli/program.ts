import { Command, CommanderError } from 'commander'
import type { CommandEntry } from './command-entry.ts'
import { commands } from './commands.ts'
import type { Terminal } from './run.ts'

/** Runs one command line; gives the exit code. Usage errors are one line on standard error and exit code 1. */
export async function program(argv: readonly string[], version: string, terminal: Terminal): Promise<number> {
  let exitCode = 0
  const root = prepare(new Command('mailgw'), terminal)
    .description('A mail gateway whose whole behaviour is one reviewed document.')
    .version(version)
    .showSuggestionAfterError()
    .showHelpAfterError('(see mailgw --help)')
  const groups = new Map<string, Command>()
  for (const entry of commands) {
    const [first = '', second] = entry.name.split(' ')
    let parent = root
    if (second !== undefined) {
      parent = groups.get(first) ?? prepare(root.command(first), terminal).description(`${first} commands`)
      groups.set(first, parent)
    }
    const command = prepare(parent.command(second ?? first), terminal)
      .summary(entry.summary)
      .description(describe(entry))
      .aliases(entry.aliases ?? [])
    if (second === undefined) groups.set(first, command)
    for (const [name, description] of entry.arguments ?? []) command.argument(name, description)
    for (const [flags, description] of entry.options) command.option(flags, description)
    command.action(async (...rest: unknown[]) => {
      const { run } = await entry.load()
      exitCode = await run({ arguments: command.args, options: rest.at(-2) as Record<string, unknown>, terminal })
    })
  }
  try {
    await root.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode
  }
  return exitCode
}

/**
 * `exitOverride` has to come before subcommands are added, or they exit the process. With positional options the `--json`
 * of `plan show --json` is that of `show`, though `plan` has one too.
 */
function prepare(command: Command, terminal: Terminal): Command {
  return command
    .exitOverride()
    .enablePositionalOptions()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
}

function describe(entry: CommandEntry): string {
  const exits = entry.exits.map(([code, meaning]) => `${code} ${meaning}`).join('; ')
  return `${entry.summary[0]?.toUpperCase()}${entry.summary.slice(1)}.\n\n${entry.details}\n\nExit codes: ${exits}.`
}
