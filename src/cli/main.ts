#!/usr/bin/env node
import { constants, setPriority } from 'node:os'
import { program } from './program.ts'
import { CommandError, type Terminal } from './run.ts'
import { version } from './version.ts'

const terminal: Terminal = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  color: process.stdout.isTTY === true && !process.env['NO_COLOR'],
  errColor: process.stderr.isTTY === true && !process.env['NO_COLOR'],
}
// What a person asks for takes no processor from the mail of a gateway on the same machine: a large document keeps a core
// busy for seconds.
if (process.argv[2] !== 'serve') setPriority(constants.priority.PRIORITY_BELOW_NORMAL)

// `mailgw graph | head`: a closed pipe is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

try {
  process.exitCode = await program(process.argv.slice(2), version, terminal)
} catch (error) {
  if (!(error instanceof CommandError)) throw error
  terminal.err(`mailgw: ${error.message}\n`)
  process.exitCode = error.exitCode
}
