import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { ok, type Result, wrong } from '../mail/result.ts'
import { type Flat, flatOf } from './flat.ts'
import type { FlatReply, FlatRequest } from './flat-worker.ts'

/** What to build from: a bundle's text, or the file that holds it. `saveTo`: keep the result there too. */
export type FlatInput = ({ readonly text: string } | { readonly path: string }) & { readonly saveTo?: string }

/**
 * Reads and checks a bundle and builds its run-time form, all in a worker thread: with 100,000 routes the work takes most
 * of a second, and the sessions of this thread must not wait. Prefer `path`: a text has to be copied to the worker.
 * A bundle that is wrong gives its error; rejects only when the worker itself fails.
 */
export function buildFlat(input: FlatInput): Promise<Result<Flat>> {
  return new Promise((resolve, reject) => {
    const worker = startWorker({ ...input })
    worker.once('message', (reply: FlatReply) => {
      resolve(reply.ok ? ok(flatOf(reply.buffer)) : wrong(reply.error))
      void worker.terminate()
    })
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`the builder of the run-time form ended with ${code}`)))
  })
}

function startWorker(request: FlatRequest): Worker {
  const entry = new URL(`./flat-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
  if (entry.pathname.endsWith('.js')) return new Worker(entry, { workerData: request })
  // From source (tests): Node 20 runs no TypeScript, jiti does. Not a path that an installed gateway takes.
  const boot = `import(${JSON.stringify(import.meta.resolve('jiti'))}).then(({ createJiti }) =>
    createJiti(${JSON.stringify(entry.href)}, { fsCache: true }).import(${JSON.stringify(fileURLToPath(entry))}))`
  return new Worker(boot, { eval: true, workerData: request })
}
