import { ok, type Result, wrong } from '../mail/result.ts'
import { type Flat, flatOf } from './flat.ts'
import { startThread } from './flat-thread.ts'
import type { FlatReply, FlatRequest } from './flat-worker.ts'

/** What to build from: a bundle's text, or the file that holds it. `saveTo`: keep the result there too. */
export type FlatInput = ({ readonly text: string } | { readonly path: string }) & { readonly saveTo?: string }

/** From source (tests) a thread has to load a compiler first, and nobody there minds to wait for the end of one. */
const entry = import.meta.url.endsWith('.ts') ? 'flat-worker' : 'flat-foreman'

/**
 * Reads and checks a bundle and builds its run-time form, all in another thread: with 100,000 routes the work takes most
 * of a second, and the sessions of this thread must not wait. Prefer `path`: a text has to be copied to the other thread.
 * A bundle that is wrong gives its error; rejects only when the builder itself fails.
 */
export function buildFlat(input: FlatInput): Promise<Result<Flat>> {
  return new Promise((resolve, reject) => {
    const thread = startThread(entry, { ...input } satisfies FlatRequest)
    // It ends by itself, when all is done.
    thread.once('message', (reply: FlatReply) => resolve(reply.ok ? ok(flatOf(reply.buffer)) : wrong(reply.error)))
    thread.once('error', reject)
    thread.once('exit', (code) => reject(new Error(`the builder of the run-time form ended with ${code}`)))
  })
}
