import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** Socket of the process that runs commands for all tests. */
    commands: string
  }
}

/** A run has hundreds of commands; to load the program anew for each would take a fifth of its time. */
export default async function startCommands(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'mailgw-commands-'))
  const socket = join(folder, 'socket')
  const child = fork(join(import.meta.dirname, 'command-service.js'), [socket], { execArgv: [] })
  await once(child, 'message')
  project.provide('commands', socket)
  return () => {
    child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}
