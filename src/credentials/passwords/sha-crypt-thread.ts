import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { ShaCryptRequest } from './sha-crypt.ts'
import type { ShaCryptAnswer } from './sha-crypt-worker.ts'

type Waiting = { resolve(hash: string): void; reject(error: Error): void }

/**
 * A thread for the hashes that Node has no asynchronous function for: 5000 rounds hold a thread for ten milliseconds, in
 * which the sessions' thread would answer nobody. It starts with the first hash, and does not keep the process alive.
 */
export class ShaCryptThread {
  private worker: Worker | null = null
  private readonly waiting = new Map<number, Waiting>()
  private asked = 0

  hash(request: ShaCryptRequest): Promise<string> {
    this.worker ??= this.start()
    const id = ++this.asked
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject })
      this.worker!.postMessage({ id, ...request })
    })
  }

  /** What is under way is rejected. */
  async close(): Promise<void> {
    await this.worker?.terminate()
  }

  private start(): Worker {
    const worker = startWorker()
    worker.unref()
    worker.on('message', ({ id, hash }: ShaCryptAnswer) => {
      this.waiting.get(id)?.resolve(hash)
      this.waiting.delete(id)
    })
    const ended = (error: Error): void => {
      // Its rest may still be heard of when the next one runs already.
      if (this.worker !== worker) return
      this.worker = null
      for (const { reject } of this.waiting.values()) reject(error)
      this.waiting.clear()
    }
    worker.on('error', ended)
    worker.on('exit', () => ended(new Error('the thread of the password hashes has ended')))
    return worker
  }
}

function startWorker(): Worker {
  const entry = new URL(`./sha-crypt-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
  if (entry.pathname.endsWith('.js')) return new Worker(entry)
  // From source (tests): Node 20 runs no TypeScript, jiti does. Not a path that an installed gateway takes.
  const boot = `import(${JSON.stringify(import.meta.resolve('jiti'))}).then(({ createJiti }) =>
    createJiti(${JSON.stringify(entry.href)}, { fsCache: true }).import(${JSON.stringify(fileURLToPath(entry))}))`
  return new Worker(boot, { eval: true })
}
