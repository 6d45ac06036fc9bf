import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

/** Starts a thread of the builder; its file lies beside this one. */
export function startThread(name: 'flat-foreman' | 'flat-worker', workerData?: unknown): Worker {
  const entry = new URL(`./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
  if (entry.pathname.endsWith('.js')) return new Worker(entry, { workerData })
  // From source (tests): Node 20 runs no TypeScript, jiti does. Not a path that an installed gateway takes.
  const boot = `import(${JSON.stringify(import.meta.resolve('jiti'))}).then(({ createJiti }) =>
    createJiti(${JSON.stringify(entry.href)}, { fsCache: true }).import(${JSON.stringify(fileURLToPath(entry))}))`
  return new Worker(boot, { eval: true, workerData })
}
