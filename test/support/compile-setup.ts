import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** Socket of the process that compiles the documents of all tests. */
    compiler: string
  }
}

/** Hundreds of gateways are started in a run; to load the compiler anew for each would take a fifth of its time. */
export default async function startCompiler(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'mailgw-compiler-'))
  const socket = join(folder, 'socket')
  const child = fork(join(import.meta.dirname, 'compile-service.js'), [socket], { execArgv: [] })
  await once(child, 'message')
  project.provide('compiler', socket)
  return () => {
    child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}
