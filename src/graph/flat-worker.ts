import { readFileSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { readBundle } from './bundle.ts'
import { saveFlat } from './flat.ts'
import { flatten } from './flat-build.ts'

/** The builder's thread: one request in, one reply out. */
export type FlatRequest = { readonly text?: string; readonly path?: string; readonly saveTo?: string }
export type FlatReply =
  | { readonly ok: true; readonly buffer: SharedArrayBuffer }
  | { readonly ok: false; readonly error: string }

if (parentPort !== null) {
  const port = parentPort
  const request = workerData as FlatRequest
  // Mail first: where cores are few, the sessions' thread must not wait for this one. On Linux it is this thread alone
  // whose priority this lowers, elsewhere it would be the whole process.
  if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_LOW)
  reply(request).then(
    (answer) => port.postMessage(answer),
    // A file that cannot be read or written is the machine's error; the other side hears it in words.
    (error: Error) => port.postMessage({ ok: false, error: error.message } satisfies FlatReply),
  )
}

async function reply(request: FlatRequest): Promise<FlatReply> {
  const text = request.text ?? readFileSync(request.path!, 'utf8')
  const bundle = readBundle(text)
  if (!bundle.ok) return bundle
  const buffer = flatten(bundle.value)
  if (request.saveTo !== undefined) await saveFlat(buffer, request.saveTo)
  return { ok: true, buffer }
}
