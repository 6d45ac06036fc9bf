#!/usr/bin/env node
import { program } from './program.ts'
import { CommandError, type Terminal } from './run.ts'
import { version } from './version.ts'
import { yieldToMail } from './yield-to-mail.ts'

const terminal: Terminal = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  color: process.stdout.isTTY === true && !process.env['NO_COLOR'],
  errColor: process.stderr.isTTY === true && !process.env['NO_COLOR'],
}
if (process.argv[2] !== 'serve') yieldToMail()

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
